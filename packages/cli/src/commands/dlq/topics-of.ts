import type { DriverAdmin } from '@tributary/event-bus'
import { type DeadLetterTopic, findDeadLetterTopics } from '../../dlq/find-topics.ts'
import { UsageError } from '../../environment.ts'

/** Whose dead letters a command is about. */
export interface GroupOptions {
  readonly group: string
  readonly topic?: string
}

/** @throws {UsageError} when the group has no dead-letter topic here. */
export async function topicsOf(
  admin: DriverAdmin,
  { group, topic }: GroupOptions,
): Promise<readonly DeadLetterTopic[]> {
  const topics = await findDeadLetterTopics(admin, group, topic)
  if (topics.length > 0) return topics
  throw new UsageError(
    `group ${group} has no dead-letter topic${topic === undefined ? '' : ` for ${topic}`} on this cluster: \`tributary dlq list\` names those there are`,
  )
}
