import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, type EmbeddedKafkaOptions, type Fault, startEmbeddedKafka } from '../src/index.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo, startWaiting } from './support/requests.ts'
import { settle } from './support/settle.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const newYear = Date.UTC(2026, 0, 1)
const dayMs = 86_400_000

async function setUp(options: EmbeddedKafkaOptions = {}) {
  const kafka = await startEmbeddedKafka({ clockStandsAt: newYear, warn: () => {}, ...options })
  const client = await connectRaw(kafka.bootstrapServers[0])
  return { kafka, client, [Symbol.asyncDispose]: () => kafka.close() }
}

const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]

interface Joined {
  readonly errorCode: number
  readonly memberId: string
  readonly generationId: number
}

/** Joins as its only or next member; `rejoin` comes back with the id that a first attempt was refused with. */
async function join(client: RawClient, over: object = {}): Promise<Joined> {
  const ask = (memberId: string): Promise<Joined> =>
    client.ask<Joined>('JoinGroup', 5, {
      groupId: 'billing',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      groupInstanceId: null,
      protocols,
      memberId,
      ...over,
    })
  const first = await ask('')
  return ask(first.memberId)
}

async function sync(client: RawClient, { memberId, generationId }: Joined) {
  const assignments = [{ memberId, assignment: Buffer.alloc(0) }]
  return client.ask('SyncGroup', 3, { groupId: 'billing', generationId, memberId, groupInstanceId: null, assignments })
}

describe('time that stands still', () => {
  it('stamps what is appended with the very time that it is told', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.createTopic('orders', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
    await produceTo(client, 'orders', recordBatch([{ value: 'a' }]))
    await kafka.advanceClock(dayMs)
    await produceTo(client, 'orders', recordBatch([{ value: 'b' }]))
    const stamps = kafka.log('orders', 0).map(({ timestamp }) => Number(timestamp))
    expect(stamps).toEqual([newYear, newYear + dayMs])
  })

  it('ends a long poll when it is put forward so far', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.createTopic('orders')
    const { answer } = await startWaiting(kafka, client, { topic: 'orders', maxWaitMs: 500 })
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    await kafka.advanceClock(499)
    await settle()
    expect(isAnswered).toBe(false)
    await kafka.advanceClock(1)
    expect(await answer).toMatchObject([{ errorCode: 0, highWatermark: 0n }])
  })

  it('ends a session, to the millisecond, unless a heartbeat came', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const member = await join(client)
    await sync(client, member)
    await kafka.advanceClock(9_999)
    const { memberId, generationId } = member
    const beat = () => client.ask('Heartbeat', 3, { groupId: 'billing', memberId, generationId, groupInstanceId: null })
    expect(await beat()).toMatchObject({ errorCode: 0 })
    await kafka.advanceClock(9_999)
    expect(kafka.group('billing')?.memberIds).toEqual([memberId])
    await kafka.advanceClock(1)
    expect(kafka.group('billing')).toMatchObject({ state: 'Empty', memberIds: [] })
  })

  it('ends a rebalance that a member does not come to, at its own time also when it is put forward far', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const silent = await join(client, { sessionTimeoutMs: 1_800_000 })
    await sync(client, silent)
    using other = await connectRaw(kafka.bootstrapServers[0])
    using asked = kafka.faults.on('JoinGroup', { nth: 2 }).run(() => {})
    const joined = join(other, { sessionTimeoutMs: 30_000 })
    await asked.happened()
    await settle()
    expect(kafka.group('billing')).toMatchObject({ state: 'PreparingRebalance' })
    await kafka.advanceClock(59_999)
    expect(kafka.group('billing')?.memberIds).toContain(silent.memberId)
    await kafka.advanceClock(1)
    const { memberId } = await joined
    expect(kafka.group('billing')).toMatchObject({ state: 'CompletingRebalance', memberIds: [memberId] })
  })

  it('aborts a transaction when its time is over', async () => {
    await using ready = await setUp()
    const { kafka } = ready
    kafka.createTopic('orders')
    using producer = await TransactionalProducer.begin(kafka, { timeoutMs: 15_000 })
    await producer.write('never seen')
    await kafka.advanceClock(14_999)
    expect(kafka.transaction('tx')?.state).toBe('Ongoing')
    await kafka.advanceClock(1)
    expect(kafka.transaction('tx')?.state).toBe('CompleteAbort')
    expect(kafka.log('orders', 0, 'read_committed')).toEqual([])
  })

  it('lets retention delete what is too old', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.createTopic('orders', { configs: { 'retention.ms': String(dayMs) } })
    await produceTo(client, 'orders', recordBatch([{ value: 'a' }], { baseTimestamp: newYear }))
    await kafka.advanceClock(dayMs)
    expect(kafka.offsets('orders', 0)).toEqual({ startOffset: 0n, endOffset: 1n })
    await kafka.advanceClock(300_000)
    expect(kafka.offsets('orders', 0)).toEqual({ startOffset: 1n, endOffset: 1n })
  })

  it('ends what a token allows', async () => {
    const validateToken = () => ({ user: 'carol', expiresAt: newYear + 60_000 })
    await using ready = await setUp({ sasl: { validateToken } })
    const { kafka, client } = ready
    await client.ask('SaslHandshake', 1, { mechanism: 'OAUTHBEARER' })
    const authBytes = Buffer.from('n,,\u0001auth=Bearer token\u0001\u0001')
    expect(await client.ask('SaslAuthenticate', 1, { authBytes })).toMatchObject({
      errorCode: 0,
      sessionLifetimeMs: 60_000n,
    })
    await kafka.advanceClock(59_999)
    await client.ask('Metadata', 5, { topics: [] })
    await kafka.advanceClock(1)
    await expect(client.ask('Metadata', 5, { topics: [] })).rejects.toThrow('closed')
  })

  it('ends a delay, which the end of its fault does too', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.createTopic('orders')
    const ends = [
      () => kafka.advanceClock(3_600_000),
      (late: Fault) => {
        late.release()
        return Promise.resolve()
      },
    ]
    for (const end of ends) {
      const late = kafka.faults.on('Fetch').delay(3_600_000, 'after')
      const answer = fetchFrom(client, { topic: 'orders' })
      await late.happened()
      await end(late)
      expect(await answer).toHaveLength(1)
    }
  })
})

it('goes on as time does, without an option', async () => {
  await using kafka: EmbeddedKafka = await startEmbeddedKafka()
  kafka.createTopic('orders')
  using client = await connectRaw(kafka.bootstrapServers[0])
  const startedAt = performance.now()
  await fetchFrom(client, { topic: 'orders', maxWaitMs: 20 })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(19)
})

it('is refused when it is none, and never goes back', async () => {
  await expect(startEmbeddedKafka({ clockStandsAt: -1 })).rejects.toThrow('clockStandsAt is -1')
  await using kafka = await startEmbeddedKafka()
  await expect(kafka.advanceClock(-1)).rejects.toThrow(RangeError)
})
