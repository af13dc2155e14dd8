import { expect, it } from 'vitest'
import { type ApiName, startEmbeddedKafka } from '../src/index.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'

const topic = 'orders'
const newYear = Date.UTC(2026, 0, 1)

/** A client that connects again when its connection is cut, and asks in a fixed order. */
async function* script(connect: () => Promise<RawClient>): AsyncGenerator<string> {
  let client = await connect()
  const requests: [ApiName, number, (round: number) => object][] = [
    [
      'Produce',
      7,
      (round) => {
        const batch = recordBatch([{ value: `round ${round}` }], { baseTimestamp: newYear })
        const partitionData = [0, 1].map((index) => ({ index, records: [batch] }))
        return { acks: -1, timeoutMs: 1_000, topicData: [{ name: topic, partitionData }] }
      },
    ],
    [
      'Fetch',
      11,
      () => {
        const partition = { fetchOffset: 0n, partitionMaxBytes: 1_000_000 }
        const partitions = [0, 1].map((index) => ({ partition: index, ...partition }))
        return { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, sessionEpoch: -1, topics: [{ topic, partitions }] }
      },
    ],
    [
      'OffsetCommit',
      5,
      (round) => {
        const partitions = [{ partitionIndex: 0, committedOffset: BigInt(round), committedMetadata: null }]
        return { groupId: 'g', memberId: '', generationIdOrMemberEpoch: -1, topics: [{ name: topic, partitions }] }
      },
    ],
  ]
  for (let round = 0; round < 12; round++)
    for (const [api, version, request] of requests)
      try {
        const answer = await client.ask(api, version, request(round))
        yield `${api}: ${JSON.stringify(answer, (_name, value) => (typeof value === 'bigint' ? `${value}n` : value))}`
      } catch (error) {
        yield `${api}: ${String(error)}`
        client.socket.destroy()
        client = await connect()
      }
}

/** What was asked, what was answered, and what lies on the logs at the end. */
async function traceOf(): Promise<string[]> {
  await using kafka = await startEmbeddedKafka({ brokers: 2, clockStandsAt: newYear, warn: () => {} })
  kafka.createTopic(topic, { partitions: 2, configs: { 'message.timestamp.type': 'LogAppendTime' } })
  kafka.moveLeader(topic, 1, 0)
  kafka.moveCoordinator('g', 0)
  const trace: string[] = []
  const { faults } = kafka
  const always = { times: Number.POSITIVE_INFINITY }
  faults.onAny(always).run(({ api, broker, clientId }) => void trace.push(`${clientId} asks ${broker}: ${api}`))
  faults.on('Produce', { topic, partition: 1, every: 3 }).failWith('NOT_LEADER_OR_FOLLOWER', 'after')
  faults.on('Produce', { nth: 4, times: 2 }).dropConnection('after')
  faults.on('Produce', { nth: 6 }).cutAnswerAfter(9)
  faults.on('Produce', { nth: 7 }).run(() => kafka.moveLeader(topic, 0, 1))
  faults.on('Produce', { nth: 8 }).run(() => kafka.moveLeader(topic, 0, 0))
  faults.on('Fetch', { topic, partition: 0, every: 4 }).leaveOut()
  faults.on('Fetch', { every: 5 }).run(() => kafka.advanceClock(1_000))
  faults.on('OffsetCommit', { group: 'g', nth: 2, times: 3 }).failWith('NOT_COORDINATOR')
  faults.on('OffsetCommit', { nth: 7 }).dropConnection('before')
  faults.on('OffsetCommit', { nth: 9 }).dropConnection('after')
  faults.diskFull({ topic, partition: 0, nth: 9, times: 2 }, 20)
  for await (const line of script(() => connectRaw(kafka.bootstrapServers[0], 'shop'))) trace.push(line)
  faults.assertAllHappened()
  for (const partition of [0, 1])
    trace.push(...kafka.rawBatches(topic, partition).map((batch) => batch.toString('base64')))
  trace.push(JSON.stringify(kafka.committed('g'), (_name, value) => (typeof value === 'bigint' ? `${value}n` : value)))
  return trace
}

it('the same script and the same faults make the same history, byte for byte', { timeout: 60_000 }, async () => {
  const first = await traceOf()
  expect(first.filter((line) => line.includes('closed the connection'))).toHaveLength(5)
  expect(first.length).toBeGreaterThan(90)
  for (let again = 0; again < 3; again++) expect(await traceOf()).toEqual(first)
})
