import {
  applyTopics,
  type DriverAdmin,
  deadLetterTopic,
  defineSubscription,
  handle,
  planTopics,
  redriveTopic,
} from '@tributary/event-bus'
import { numbered } from '../programs/numbered.ts'

export interface TopicsOptions {
  readonly group: string
  readonly partitions: number
}

/** Makes the topics as a service's deployment would. */
export async function createTopics(admin: DriverAdmin, { group, partitions }: TopicsOptions): Promise<void> {
  const subscription = defineSubscription({ group, on: [handle(numbered, () => {})] })
  await applyTopics(admin, planTopics({ events: [numbered], subscriptions: [subscription], defaults: { partitions } }))
}

/** Records that the group has not committed, over all that it reads. */
export async function uncommitted(admin: DriverAdmin, group: string): Promise<bigint> {
  let count = 0n
  for (const topic of [numbered.topic, redriveTopic(numbered.topic, group)]) {
    const committed = new Map((await admin.committed(group, topic)).map((each) => [each.partition, each.nextOffset]))
    for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic))
      count += logEndOffset - (committed.get(partition) ?? logStartOffset)
  }
  return count
}

/** Records in the group's dead-letter topic. */
export async function deadLetterCount(admin: DriverAdmin, group: string): Promise<number> {
  const partitions = await admin.offsets(deadLetterTopic(numbered.topic, group))
  return Number(partitions.reduce((sum, { logStartOffset, logEndOffset }) => sum + logEndOffset - logStartOffset, 0n))
}
