/** Groups of the newer protocol over the wire: what lies between them and the rest of the broker. */
import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { errorCodes } from '../src/protocol/error-codes.ts'
import { connectRaw } from './support/raw-client.ts'

const joining = { groupId: 'g', memberId: 'a', memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] }

interface HeartbeatAnswer {
  readonly errorCode: number
  readonly memberEpoch: number
  readonly assignment: { readonly topicPartitions: readonly { readonly topicId: string }[] } | null
}

async function withTopic(options: EmbeddedKafkaOptions = {}) {
  const kafka = await startEmbeddedKafka({ autoCreateTopics: false, warn: () => {}, ...options })
  kafka.createTopic('orders', { partitions: 2 })
  return kafka
}

async function connect(kafka: EmbeddedKafka, broker = 0) {
  const client = await connectRaw(kafka.bootstrapServers[broker])
  const beat = (over: object) => client.ask<HeartbeatAnswer>('ConsumerGroupHeartbeat', 1, { ...joining, ...over })
  const join = (over: object = {}) => beat({ subscribedTopicNames: ['orders'], ...over })
  const joinClassic = () =>
    client.ask<{ errorCode: number; memberId: string }>('JoinGroup', 5, {
      groupId: 'g',
      groupInstanceId: 'one',
      memberId: '',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('') }],
    })
  return { client, beat, join, joinClassic, [Symbol.dispose]: () => client[Symbol.dispose]() }
}

describe('a group of the newer protocol', () => {
  it('is told in heartbeats how often to send them', async () => {
    await using kafka = await withTopic({ consumerGroupHeartbeatIntervalMs: 250 })
    using member = await connect(kafka)
    expect(await member.join()).toMatchObject({ errorCode: 0, heartbeatIntervalMs: 250 })
    expect(kafka.group('g')).toEqual({ state: 'Stable', generationId: 2, memberIds: ['a'] })
  })

  it('refuses members of the classic protocol while it has others, and takes them with its offsets when it is empty', async () => {
    await using kafka = await withTopic()
    using member = await connect(kafka)
    const { memberEpoch } = await member.join()
    await member.client.ask('OffsetCommit', 9, {
      groupId: 'g',
      memberId: 'a',
      generationIdOrMemberEpoch: memberEpoch,
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 1, committedOffset: 7n, committedMetadata: '' }] }],
    })
    expect((await member.joinClassic()).errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
    await member.beat({ memberEpoch: -1 })
    const joined = await member.joinClassic()
    expect(joined.errorCode).toBe(errorCodes.NONE)
    expect(kafka.committed('g')).toMatchObject([{ topic: 'orders', partition: 1, nextOffset: 7n }])
    expect((await member.join()).errorCode).toBe(errorCodes.GROUP_ID_NOT_FOUND)
    await member.client.ask('LeaveGroup', 3, { groupId: 'g', members: [{ ...joined, groupInstanceId: 'one' }] })
    expect((await member.join()).errorCode).toBe(errorCodes.NONE)
    expect(kafka.committed('g')).toMatchObject([{ topic: 'orders', partition: 1, nextOffset: 7n }])
  })

  it('goes with its coordinator, and its members keep what they have', async () => {
    await using kafka = await withTopic({ brokers: 2 })
    const from = kafka.coordinatorOf('g') ?? 0
    using member = await connect(kafka, from)
    const { memberEpoch } = await member.join()
    kafka.moveCoordinator('g', 1 - from)
    expect((await member.beat({ memberEpoch })).errorCode).toBe(errorCodes.NOT_COORDINATOR)
    using moved = await connect(kafka, 1 - from)
    expect(await moved.beat({ memberEpoch, topicPartitions: null })).toMatchObject({ errorCode: 0, assignment: null })
  })

  it('is lost with an error that a test stages', async () => {
    await using kafka = await withTopic()
    using member = await connect(kafka)
    const { memberEpoch } = await member.join()
    kafka.faults.on('ConsumerGroupHeartbeat', { group: 'g' }).failWith('FENCED_MEMBER_EPOCH')
    expect((await member.beat({ memberEpoch })).errorCode).toBe(errorCodes.FENCED_MEMBER_EPOCH)
    expect((await member.join()).errorCode).toBe(errorCodes.NONE)
  })

  it('reads by a regular expression what its member may see, and is described to those who may see that', async () => {
    let hidden = 'secrets'
    await using kafka = await withTopic({ authorize: ({ name }) => name !== hidden })
    kafka.createTopic('secrets')
    using member = await connect(kafka)
    const answer = await member.join({ subscribedTopicNames: [], subscribedTopicRegex: '.*' })
    expect(answer.assignment?.topicPartitions).toHaveLength(1)
    const describe = () =>
      member.client.ask<{ groups: { members: unknown[] }[] }>('ConsumerGroupDescribe', 1, { groupIds: ['g'] })
    expect((await describe()).groups).toMatchObject([{ errorCode: 0, members: [{ subscribedTopicRegex: '.*' }] }])
    hidden = kafka.topics()[0] ?? ''
    expect((await describe()).groups).toMatchObject([
      { errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, groupState: 'Stable', members: [] },
    ])
  })

  it('is for those who may read as it, and topics for those who may see them', async () => {
    let barred: string | undefined
    await using kafka = await withTopic({ authorize: ({ resource }) => resource !== barred })
    using member = await connect(kafka)
    await member.join()
    const describe = async () => {
      const { groups } = await member.client.ask<{ groups: { errorCode: number; members: unknown[] }[] }>(
        'ConsumerGroupDescribe',
        1,
        { groupIds: ['g'] },
      )
      return groups
    }
    expect(await describe()).toMatchObject([{ errorCode: 0, members: [{ memberId: 'a', memberType: 1 }] }])
    barred = 'group'
    expect((await member.join()).errorCode).toBe(errorCodes.GROUP_AUTHORIZATION_FAILED)
    expect(await describe()).toMatchObject([{ errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED, members: [] }])
    barred = 'topic'
    expect((await member.join()).errorCode).toBe(errorCodes.TOPIC_AUTHORIZATION_FAILED)
    expect(await describe()).toMatchObject([{ errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, members: [] }])
  })
})
