/** Which topics events and subscriptions need, and what they are called. `apply-topics.ts` brings a plan onto a cluster. */
import { createHash } from 'node:crypto'
import { delayFromLabel, delayLabel, delayLabelPattern } from './failing/delay-label.ts'

/** Kafka's limit for the name of a topic. */
const longestTopicName = 249

/** Where a group's dead letters of a topic go: `<topic>.<group>.dlq`. */
export function deadLetterTopic(topic: string, group: string): string {
  return groupTopic(topic, group, 'dlq')
}

/** Where dead letters return to the group that failed them: `<topic>.<group>.redrive`. The group reads it beside the topic. */
export function redriveTopic(topic: string, group: string): string {
  return groupTopic(topic, group, 'redrive')
}

/** Where a group's records of a topic wait for another attempt: `<topic>.<group>.retry.<delay>`, the delay as `10s`, `5m` or `1h`. Read by that group. */
export function retryTopic(topic: string, group: string, delayMs: number): string {
  return groupTopic(topic, group, `retry.${delayLabel(delayMs)}`)
}

/** The delay of `name` in milliseconds where it is a retry topic of this topic and group, whatever their configuration; else null. */
export function retryDelayOf(name: string, topic: string, group: string): number | null {
  const delayMs = delayFromLabel(name.slice(name.lastIndexOf('.') + 1))
  return delayMs !== null && retryTopic(topic, group, delayMs) === name ? delayMs : null
}

/** What a topic is to the group that reads it. */
export interface TopicRole {
  readonly kind: 'source' | 'redrive' | 'retry'
  readonly group: string
  /** The source topic that it belongs to; the topic itself for a source. */
  readonly source: string
  /** How long a record waits in it, in milliseconds; null where none does. */
  readonly delayMs: number | null
}

/** Words of letters and digits, joined by single hyphens: such a group stands in a name as it is. */
const plainGroup = /^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/

const hashDigits = 16

/**
 * `<topic>.<group>.<suffix>`, such that different (topic, group) pairs never share a name.
 *
 * Joining with dots alone is ambiguous (`a.b` + `c`, `a` + `b.c`), and Kafka refuses two topics that differ only in `.` and `_`. So a group stands
 * in a name only when it holds neither, and no double hyphen. Any other group, and a name beyond 249 characters, is shortened to what is legal and
 * told apart by `--` and a hash of both: a mark that no plain group can end in.
 */
function groupTopic(topic: string, group: string, suffix: string): string {
  const plain = `${topic}.${group}.${suffix}`
  if (plainGroup.test(group) && plain.length <= longestTopicName) return plain
  const hash = createHash('sha256').update(`${topic}\0${group}`).digest('hex').slice(0, hashDigits)
  const marked = `--${hash}.${suffix}`
  const legible = group.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80)
  const room = longestTopicName - marked.length - legible.length - 1
  return `${topic.slice(0, room)}.${legible}${marked}`
}

const groupTopicSuffix = new RegExp(`\\.(dlq|redrive|retry\\.${delayLabelPattern})$`)

/** Whether `name` is a dead-letter, redrive or retry topic of `group`, for whichever source. `topics` are the topics there are. */
export function isGroupTopicOf(name: string, group: string, topics: readonly string[]): boolean {
  const suffix = groupTopicSuffix.exec(name)?.[1]
  if (suffix === undefined) return false
  if (plainGroup.test(group) && name.endsWith(`.${group}.${suffix}`)) return true
  return name.includes('--') && topics.some((topic) => groupTopic(topic, group, suffix) === name)
}
