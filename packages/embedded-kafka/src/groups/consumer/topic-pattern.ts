/** Subscriptions by regular expression, which the broker resolves: a topic is meant when all of its name matches. */
import { createContext, runInContext } from 'node:vm'
import { GroupRefusal } from './group-refusal.ts'

/** Kafka's engine needs time in proportion to the name; JavaScript's may need forever, and is stopped. */
const matchingTimeoutMs = 100

const matching = 'names.filter((name) => pattern.test(name))'

/** Options at the beginning, such as `(?i)`, which JavaScript takes as flags. */
const leadingFlags = /^\(\?([ims]+)\)/

/** @throws {GroupRefusal} when it is no regular expression. */
export function topicPattern(source: string): RegExp {
  const flags = leadingFlags.exec(source)?.[1] ?? ''
  const body = source.replace(leadingFlags, '')
  try {
    // Alone first: with the group around it, `a)(b` would pass.
    new RegExp(body, flags)
    return new RegExp(`^(?:${body})$`, flags)
  } catch (error) {
    throw invalid(source, error)
  }
}

/** An expression that takes too long matches nothing. */
export function namesMatching(source: string, names: readonly string[]): readonly string[] {
  const context = createContext({ pattern: topicPattern(source), names: [...names] })
  try {
    return runInContext(matching, context, { timeout: matchingTimeoutMs }) as string[]
  } catch {
    return []
  }
}

function invalid(source: string, error: unknown): GroupRefusal {
  const reason = error instanceof Error ? error.message : String(error)
  return new GroupRefusal(
    'INVALID_REGULAR_EXPRESSION',
    `SubscribedTopicRegex \`${source}\` is not a valid regular expression: ${reason}.`,
  )
}
