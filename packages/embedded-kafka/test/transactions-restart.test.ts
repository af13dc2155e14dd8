/** What a restart leaves of transactions. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { loggedValues } from './support/logged-values.ts'
import { scratchDirectory } from './support/scratch-directory.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const topic = 'orders'

describe('a restart', () => {
  it.each(['a checkpoint', 'nothing but the log'])(
    'leaves transactions as they were, as it finds in %s: open, aborted, and with their offsets pending',
    async (source) => {
      using directory = scratchDirectory()
      const before = await startEmbeddedKafka({ dataDir: directory.path })
      before.createTopic(topic)
      const producer = await TransactionalProducer.begin(before)
      await producer.write('aborted')
      await producer.end(false)
      await producer.write('open')
      await producer.commitOffset('g', 7n)
      const left = before.transaction('tx')
      await before.close()
      if (source === 'nothing but the log')
        await rm(path.join(directory.path, `${topic}-0`, `${'0'.repeat(20)}.checkpoint`))

      await using after = await startEmbeddedKafka({ dataDir: directory.path })
      expect(after.transaction('tx')).toEqual(left)
      expect(loggedValues(after, 'read_committed')).toEqual([])
      expect(after.committed('g')).toEqual([])
      using resumed = await producer.on(after)
      expect(await resumed.end(true)).toBe(0)
      expect(loggedValues(after, 'read_committed')).toEqual(['open'])
      expect(after.committed('g')).toMatchObject([{ nextOffset: 7n }])
    },
  )

  it('aborts what nobody ends in the rest of its time', async () => {
    using directory = scratchDirectory()
    const before = await startEmbeddedKafka({ dataDir: directory.path })
    before.createTopic(topic)
    const producer = await TransactionalProducer.begin(before, { timeoutMs: 60_000 })
    await producer.write('open')
    await before.close()
    await using after = await startEmbeddedKafka({ dataDir: directory.path })
    expect(after.transaction('tx')?.state).toBe('Ongoing')
    await after.advanceClock(60_000)
    expect(after.transaction('tx')?.state).toBe('CompleteAbort')
    expect(loggedValues(after)).toEqual(['open'])
    expect(loggedValues(after, 'read_committed')).toEqual([])
  })
})
