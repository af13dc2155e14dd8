/** Ids that are all zero: Kafka writes them where there is none, and a client may send one all the same. */
import { zeroUuid } from '../../src/protocol/fields.ts'
import type { RawClient } from '../support/raw-client.ts'
import { recordBatch } from '../support/record-batch.ts'
import type { Scenario } from './session.ts'

export const zeroTopicIds: Scenario = async (session) => {
  const name = await session.createTopic('zero')
  const groupId = await session.findGroup('zero')
  const client = await session.connect()
  const record = (what: string, ...asked: Parameters<RawClient['ask']>) => session.record(what, client.ask(...asked))
  const topicId = zeroUuid

  const records = [recordBatch([{ value: 'x' }], { baseTimestamp: Date.now() })]
  await record('produce', 'Produce', 13, {
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ topicId, partitionData: [{ index: 0, records }] }],
  })
  for (const version of [13, 18])
    await record(`fetch ${version}`, 'Fetch', version, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 100_000,
      topics: [{ topicId, partitions: [{ fetchOffset: 0n, partitionMaxBytes: 100_000 }] }],
    })
  for (const version of [10, 12, 13])
    for (const asked of [null, '', name])
      await record(`metadata ${version} of ${asked?.slice(0, 4)}`, 'Metadata', version, {
        topics: [{ name: asked, topicId }],
        allowAutoTopicCreation: false,
      })
  const partitions = [{ committedOffset: 3n, committedMetadata: 'm', committedLeaderEpoch: 0 }]
  await record('commit', 'OffsetCommit', 10, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ topicId, partitions }],
  })
  await record('offsets', 'OffsetFetch', 10, {
    groups: [{ groupId, memberId: null, memberEpoch: -1, topics: [{ topicId, partitionIndexes: [0, 1] }] }],
  })
  for (const asked of [null, ''])
    await record(`delete ${asked}`, 'DeleteTopics', 6, { topics: [{ name: asked, topicId }], timeoutMs: 5_000 })
  const joining = {
    groupId,
    memberId: 'a',
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: [name],
    topicPartitions: [],
  }
  const { memberEpoch } = await client.ask<{ memberEpoch: number }>('ConsumerGroupHeartbeat', 1, joining)
  await record('own a partition', 'ConsumerGroupHeartbeat', 1, {
    groupId,
    memberId: 'a',
    memberEpoch,
    topicPartitions: [{ topicId, partitions: [0] }],
  })
}
