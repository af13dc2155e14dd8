import type { EmbeddedKafka } from '../../src/index.ts'
import { connectRaw } from './raw-client.ts'

/** Commits for partition 0 from outside of group management. kafkajs' own way to do so takes five seconds. */
export async function commit(
  kafka: EmbeddedKafka,
  { groupId, topic, nextOffset }: { groupId: string; topic: string; nextOffset: bigint },
): Promise<void> {
  using client = await connectRaw(kafka.bootstrapServers[kafka.coordinatorOf(groupId) ?? 0])
  const partitions = [{ partitionIndex: 0, committedOffset: nextOffset, committedMetadata: null }]
  await client.ask('OffsetCommit', 5, {
    groupId,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: [{ name: topic, partitions }],
  })
}
