import { type Chunk, silentLogger } from '@tributary/event-bus'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settingsFrom } from '../settings.ts'
import { Cluster } from '../wire/cluster.ts'
import type { FetchedPartition } from '../wire/fetch.ts'
import { encodeBatch } from '../wire/record-encoder.ts'
import { Intake } from './intake.ts'
import { Ownership } from './ownership.ts'

const sequence = { producerId: 1n, producerEpoch: 0, firstSequence: 0 }

function fetched(recordSet: Buffer, errorCode = 0): FetchedPartition {
  return {
    topic: 't',
    partition: 0,
    errorCode,
    lastStableOffset: 9n,
    logStartOffset: 0n,
    abortedTransactions: [],
    recordSet,
  }
}

function batch(value: string): Buffer {
  return encodeBatch([{ key: null, value: Buffer.from(value), headers: [], timestamp: 0 }], sequence)
}

function start(onChunk?: (chunk: Chunk) => void) {
  const ownership = new Ownership()
  const owned = ownership.gain({ topic: 't', partition: 0 })
  owned.position = 0n
  const chunks: Chunk[] = []
  const errors: string[] = []
  const failures: unknown[] = []
  const intake = new Intake({
    cluster: new Cluster(settingsFrom({ brokers: ['127.0.0.1:1'] }), 'test'),
    ownership,
    logger: { ...silentLogger, error: (_fields, message) => void errors.push(message) },
    closing: new AbortController().signal,
    onChunk: onChunk ?? ((chunk) => void chunks.push(chunk)),
    startOver: () => {},
    onFailed: (error) => void failures.push(error),
    onStaleLeader: () => {},
    onReady: () => {},
  })
  return { ownership, owned, chunks, errors, failures, intake }
}

describe('the intake', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('waits at bytes that cannot be read, longer each time, and never passes over them', () => {
    const { owned, chunks, errors, intake } = start()
    const corrupt = batch('a')
    corrupt[corrupt.length - 1] = 0xff
    let attempts = 0
    for (let elapsedMs = 0; elapsedMs < 60_000; elapsedMs += 10) {
      if (intake.wants(owned)) {
        attempts++
        intake.take(owned, 0n, fetched(corrupt))
      }
      vi.advanceTimersByTime(10)
    }
    expect(attempts).toBeGreaterThan(3)
    expect(attempts).toBeLessThan(20)
    expect(errors).toHaveLength(attempts)
    expect(chunks).toEqual([])
    expect(owned.position).toBe(0n)
    vi.advanceTimersByTime(60_000)
    intake.take(owned, 0n, fetched(batch('a')))
    expect(chunks).toMatchObject([{ fetchedFrom: 0n, nextPosition: 1n }])
    expect(intake.lastError).toBeNull()
  })

  it('drops what belongs to another epoch, another position, a pause or a partition that is handed over', () => {
    const { ownership, owned, chunks, intake } = start()
    intake.take(owned, 5n, fetched(batch('a')))
    owned.isPaused = true
    intake.take(owned, 0n, fetched(batch('a')))
    owned.isPaused = false
    owned.isRevoking = true
    intake.take(owned, 0n, fetched(batch('a')))
    owned.isRevoking = false
    ownership.drop(owned)
    ownership.gain(owned).position = 0n
    intake.take(owned, 0n, fetched(batch('a')))
    expect(chunks).toEqual([])
  })

  it('ends the membership rather than going on when a chunk found no taker', () => {
    const fault = new Error('bug')
    const { owned, failures, intake } = start(() => {
      throw fault
    })
    intake.take(owned, 0n, fetched(batch('a')))
    expect(failures).toEqual([fault])
  })
})
