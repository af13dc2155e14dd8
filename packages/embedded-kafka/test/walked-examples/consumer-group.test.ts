import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../../src/index.ts'
import { connectRaw } from '../support/raw-client.ts'
import { documentedTable } from './documented-table.ts'
import { errorName } from './error-name.ts'

const topic = 'orders'

interface HeartbeatAnswer {
  readonly errorCode: number
  readonly memberEpoch: number
  /** Null when nothing changes. */
  readonly assignment: { topicPartitions: { partitions: number[] }[] } | null
}

it('is as docs/embedded-kafka.md walks it', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic(topic, { partitions: 4 })
  using client = await connectRaw(kafka.bootstrapServers[0])
  const { topics } = await client.ask<{ topics: [{ topicId: string }] }>('Metadata', 12, { topics: [{ name: topic }] })
  const [{ topicId }] = topics

  const heartbeat = async (memberId: string, memberEpoch: number, owned: number[] | null): Promise<string> => {
    const answer = await client.ask<HeartbeatAnswer>('ConsumerGroupHeartbeat', 1, {
      groupId: 'g',
      memberId,
      memberEpoch,
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: memberEpoch === 0 ? [topic] : null,
      topicPartitions: owned && (owned.length > 0 ? [{ topicId, partitions: owned }] : []),
    })
    if (answer.errorCode !== 0) return errorName(answer.errorCode)
    const partitions = answer.assignment?.topicPartitions.flatMap((each) => each.partitions)
    const told =
      partitions === undefined ? 'as before' : partitions.length > 0 ? `use ${partitions.join(' ')}` : 'nothing'
    return `epoch ${answer.memberEpoch}, ${told}`
  }
  const commit = async (memberId: string, memberEpoch: number, ...partitions: number[]): Promise<string> => {
    const { topics: answers } = await client.ask<{ topics: [{ partitions: { errorCode: number }[] }] }>(
      'OffsetCommit',
      9,
      {
        groupId: 'g',
        memberId,
        generationIdOrMemberEpoch: memberEpoch,
        topics: [
          {
            name: topic,
            partitions: partitions.map((partitionIndex) => ({
              partitionIndex,
              committedOffset: 1n,
              committedMetadata: '',
            })),
          },
        ],
      },
    )
    return [...new Set(answers[0].partitions.map(({ errorCode }) => errorName(errorCode)))].join(', ')
  }

  expect(await heartbeat('A', 0, [])).toBe('epoch 2, use 0 1 2 3')
  const answers = [
    await heartbeat('B', 0, []),
    await heartbeat('A', 2, null),
    await commit('A', 2, 2, 3),
    await heartbeat('B', 3, null),
    await heartbeat('A', 2, [0, 1]),
    await heartbeat('B', 3, null),
  ]
  const documented = documentedTable('heartbeat', 'the coordinator')
  expect(answers).toEqual(documented.map((cells) => cells.at(-1)))

  // The ways in which it can go wrong, as far as they are answers.
  expect(await commit('A', 2, 0)).toBe('NONE')
  expect(await commit('A', 2, 2)).toBe('STALE_MEMBER_EPOCH')
})
