/** What a broker that lives long forgets, as Kafka does: producers after a day, transactional ids after a week. */
import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

async function start(options: EmbeddedKafkaOptions = {}) {
  const kafka = await startEmbeddedKafka(options)
  if (kafka.topics().length === 0) kafka.createTopic('orders', { configs: { 'retention.ms': '-1' } })
  return kafka
}

describe('an idempotent producer', () => {
  const batch = (producerId: bigint, baseTimestamp: number) =>
    recordBatch([{ value: 'x' }], { producerId, producerEpoch: 0, baseSequence: 0, baseTimestamp })

  async function known(kafka: EmbeddedKafka): Promise<bigint[]> {
    using client = await connectRaw(kafka.bootstrapServers[0])
    const { topics } = await client.ask<{
      topics: { partitions: { activeProducers: { producerId: bigint }[] }[] }[]
    }>('DescribeProducers', 0, { topics: [{ name: 'orders', partitionIndexes: [0] }] })
    return topics[0]?.partitions[0]?.activeProducers.map(({ producerId }) => producerId) ?? []
  }

  it('is remembered for a day after its latest record, over restarts too', async () => {
    using directory = scratchDirectory()
    const sentAt = Date.now()
    {
      await using kafka = await start({ dataDir: directory.path })
      using client = await connectRaw(kafka.bootstrapServers[0])
      await produceTo(client, 'orders', batch(1n, sentAt))
      await kafka.advanceClock(20 * hourMs)
      await produceTo(client, 'orders', batch(2n, sentAt + 20 * hourMs))
      expect(await known(kafka)).toEqual([1n, 2n])
      await produceTo(client, 'orders', batch(1n, sentAt))
      expect(kafka.offsets('orders', 0).endOffset).toBe(2n)

      await kafka.advanceClock(5 * hourMs)
      expect(await known(kafka)).toEqual([2n])
      // Nobody knows any more that it was there: in Kafka too, a producer must not wait for so long.
      await produceTo(client, 'orders', batch(1n, sentAt + 25 * hourMs))
      expect(kafka.offsets('orders', 0).endOffset).toBe(3n)
    }
    await using kafka = await start({ dataDir: directory.path })
    expect(await known(kafka)).toEqual([2n, 1n])
    await kafka.advanceClock(45 * hourMs)
    expect(await known(kafka)).toEqual([1n])
    await kafka.advanceClock(5 * hourMs)
    expect(await known(kafka)).toEqual([])
  })

  it('is forgotten though nobody writes any more', async () => {
    await using kafka = await start()
    using client = await connectRaw(kafka.bootstrapServers[0])
    await produceTo(client, 'orders', batch(1n, Date.now()))
    for (let hour = 0; hour < 23; hour++) await kafka.advanceClock(hourMs)
    expect(await known(kafka)).toEqual([1n])
    for (let hour = 0; hour < 2; hour++) await kafka.advanceClock(hourMs)
    expect(await known(kafka)).toEqual([])
  })
})

describe('a transactional id', () => {
  it('is forgotten a week after its latest use, over restarts too, and whoever comes with it then is new', async () => {
    using directory = scratchDirectory()
    const dataDir = directory.path
    let producerId: bigint | undefined
    {
      await using kafka = await start({ dataDir })
      using old = await TransactionalProducer.begin(kafka, { transactionalId: 'old' })
      using used = await TransactionalProducer.begin(kafka, { transactionalId: 'used' })
      await old.write('a')
      await old.end(true)
      await kafka.advanceClock(4 * dayMs)
      await used.write('b')
      await used.end(true)
      producerId = kafka.transaction('old')?.producerId
    }
    {
      // The clock of this process is not ahead: what counts is the time in the notes of the one before.
      await using kafka = await start({ dataDir })
      await kafka.advanceClock(6 * dayMs)
      expect(kafka.transaction('old')?.producerId).toBe(producerId)
      await kafka.advanceClock(2 * dayMs)
      expect(kafka.transaction('old')).toBeUndefined()
      expect(kafka.transaction('used')?.state).toBe('CompleteCommit')
      expect(kafka.log('orders', 0, 'read_committed')).toHaveLength(2)
      using _again = await TransactionalProducer.begin(kafka, { transactionalId: 'old' })
      expect(kafka.transaction('old')).toMatchObject({ state: 'Empty', producerEpoch: 0 })
      expect(kafka.transaction('old')?.producerId).not.toBe(producerId)
      await kafka.advanceClock(4 * dayMs)
    }
    await using kafka = await start({ dataDir })
    expect(kafka.transaction('used')).toBeUndefined()
    expect(kafka.transaction('old')?.state).toBe('Empty')
  })

  it('is not forgotten while the end of its transaction waits for a disk that is full', {
    timeout: 120_000,
  }, async () => {
    await using kafka = await startEmbeddedKafka({ clockStandsAt: Date.UTC(2026, 0, 1), warn: () => {} })
    kafka.createTopic('orders')
    // Timed out after a minute and a millisecond, and tried again every ten seconds from then on.
    using producer = await TransactionalProducer.begin(kafka, { timeoutMs: 60_001 })
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull({ times: Number.POSITIVE_INFINITY })
      await kafka.advanceClock(7 * dayMs - 1)
    }
    // There is room again when idle ids are looked for, a millisecond before the next attempt.
    await kafka.advanceClock(1)
    expect(kafka.transaction('tx')?.state).toBe('PrepareAbort')
    await kafka.advanceClock(1)
    expect(kafka.transaction('tx')?.state).toBe('CompleteAbort')
  })

  it('is not forgotten while its transaction waits for a leader, nor when the disk is full', {
    timeout: 120_000,
  }, async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2, defaultReplicationFactor: 1, warn: () => {} })
    kafka.createTopic('orders', { partitions: 2 })
    kafka.moveTransactionCoordinator('tx', 0)
    using producer = await TransactionalProducer.begin(kafka)
    await producer.write('there', 1)
    await kafka.stopBroker(1)
    await producer.end(true)
    await kafka.advanceClock(8 * dayMs)
    expect(kafka.transaction('tx')?.state).toBe('PrepareCommit')
    await kafka.startBroker(1)
    expect(kafka.transaction('tx')?.state).toBe('CompleteCommit')
    {
      using _full = kafka.faults.diskFull({ times: Number.POSITIVE_INFINITY })
      await kafka.advanceClock(8 * dayMs)
      expect(kafka.transaction('tx')?.state).toBe('CompleteCommit')
    }
    await kafka.advanceClock(2 * hourMs)
    expect(kafka.transaction('tx')).toBeUndefined()
  })
})
