/** Transactions while the disk is full: what was decided stays decided, and is written when there is room again. */
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { loggedValues } from './support/logged-values.ts'
import { scratchDirectory } from './support/scratch-directory.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const topic = 'orders'

describe('a full disk', () => {
  const always = { times: Number.POSITIVE_INFINITY }

  async function setUp(dataDir?: string) {
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    const kafka = await startEmbeddedKafka({ ...(dataDir && { dataDir }), warn })
    kafka.createTopic(topic)
    const producer = await TransactionalProducer.begin(kafka, { timeoutMs: 60_000 })
    return { kafka, producer, warnings, [Symbol.asyncDispose]: () => kafka.close() }
  }

  it('leaves the outcome decided, and its markers to the next who asks', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(directory.path)
    const { kafka, producer } = ready
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull({ topic })
      expect(await producer.end(true)).toBe(0)
      expect(kafka.transaction('tx')?.state).toBe('PrepareCommit')
      expect(loggedValues(kafka, 'read_committed')).toEqual([])
    }
    expect(await producer.end(true)).toBe(51)
    expect(kafka.transaction('tx')?.state).toBe('CompleteCommit')
    expect(loggedValues(kafka, 'read_committed')).toEqual(['a'])
  })

  it('keeps the markers of a commit only as long as it is full, though nobody asks again', async () => {
    await using ready = await setUp()
    const { kafka, producer, warnings } = ready
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull({ topic, ...always })
      expect(await producer.end(true)).toBe(0)
      for (let attempt = 0; attempt < 3; attempt++) await kafka.advanceClock(10_000)
      expect(loggedValues(kafka, 'read_committed')).toEqual([])
      expect(warnings).toEqual([expect.stringMatching(/^the transaction of 'tx' stays in PrepareCommit, .*ENOSPC/)])
    }
    await kafka.advanceClock(10_000)
    expect(kafka.transaction('tx')).toMatchObject({ state: 'CompleteCommit', partitions: [] })
    expect(loggedValues(kafka, 'read_committed')).toEqual(['a'])
    await producer.write('b')
    await producer.end(true)
    expect(warnings).toHaveLength(1)
  })

  it('that is over does not keep its producer from the next transaction', async () => {
    await using ready = await setUp()
    const { kafka, producer } = ready
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull({ topic })
      expect(await producer.end(true)).toBe(0)
    }
    expect(await producer.write('b')).toBe(0)
    expect(loggedValues(kafka, 'read_committed')).toEqual(['a'])
  })

  it('does not keep open what is timed out meanwhile', async () => {
    await using ready = await setUp()
    const { kafka, producer, warnings } = ready
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull(always)
      await kafka.advanceClock(60_000)
      expect(warnings).toEqual([expect.stringMatching(/^the transaction of 'tx' stays in PrepareAbort, .*ENOSPC/)])
    }
    await kafka.advanceClock(10_000)
    expect(kafka.transaction('tx')?.state).toBe('CompleteAbort')
    expect(await producer.end(true)).toBe(48)
  })

  it('does not turn a commit into an abort when the time of the transaction ends meanwhile', async () => {
    await using ready = await setUp()
    const { kafka, producer } = ready
    await producer.write('a')
    {
      using _full = kafka.faults.diskFull(always)
      await expect(producer.end(true)).rejects.toThrow('closed the connection')
      await kafka.advanceClock(60_000)
    }
    await kafka.advanceClock(10_000)
    expect(loggedValues(kafka, 'read_committed')).toEqual(['a'])
    using again = await producer.on(kafka)
    expect(await again.end(true)).toBe(0)
  })

  it('begins no transaction that the next process would not know of', async () => {
    using directory = scratchDirectory()
    {
      await using ready = await setUp(directory.path)
      const { kafka, producer } = ready
      {
        using _full = kafka.faults.diskFull()
        expect(await producer.write('a')).toBe(56)
      }
      expect(kafka.transaction('tx')?.state).toBe('Empty')
      expect(await producer.write('a')).toBe(0)
    }
    await using after = await startEmbeddedKafka({ dataDir: directory.path })
    expect(after.transaction('tx')).toMatchObject({ state: 'Ongoing', partitions: [{ topic, partition: 0 }] })
    await after.advanceClock(60_000)
    expect(after.transaction('tx')?.state).toBe('CompleteAbort')
  })
})
