import { type DriverAdmin, deadLetterTopic, redriveTopic } from '@tributary/event-bus'

/** The dead-letter topic of one (topic, group) pair. */
export interface DeadLetterTopic {
  readonly sourceTopic: string
  readonly group: string
  readonly deadLetterTopic: string
  readonly redriveTopic: string
}

/** Of one group: its dead-letter topics that exist, for all source topics or for one. */
export async function findDeadLetterTopics(
  admin: DriverAdmin,
  group: string,
  sourceTopic?: string,
): Promise<readonly DeadLetterTopic[]> {
  const existing = new Set(await admin.listTopics())
  // The name is made from topic and group, shortened and hashed where it must be: it can be made again, and not be taken apart.
  const candidates = sourceTopic === undefined ? [...existing] : [sourceTopic]
  return candidates
    .map((topic) => deadLetterTopicsOf(topic, group))
    .filter((topics) => existing.has(topics.deadLetterTopic))
    .sort((a, b) => (a.deadLetterTopic < b.deadLetterTopic ? -1 : 1))
}

export function deadLetterTopicsOf(sourceTopic: string, group: string): DeadLetterTopic {
  return {
    sourceTopic,
    group,
    deadLetterTopic: deadLetterTopic(sourceTopic, group),
    redriveTopic: redriveTopic(sourceTopic, group),
  }
}

/** Every dead-letter topic on the cluster, by its name's ending. */
export async function listDeadLetterTopics(admin: DriverAdmin): Promise<readonly string[]> {
  return (await admin.listTopics()).filter((topic) => topic.endsWith('.dlq'))
}
