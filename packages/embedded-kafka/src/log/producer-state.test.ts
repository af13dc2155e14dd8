import { describe, expect, it } from 'vitest'
import { recordBatch } from '../../test/support/record-batch.ts'
import { readHeader } from './batch-header.ts'
import { ProducerState } from './producer-state.ts'

const dayMs = 86_400_000
const nowMs = 1_700_000_000_000
const transactional = 0x10

it('never forgets a producer in a transaction, however long ago it wrote', () => {
  const state = new ProducerState()
  const wrote = (producerId: bigint, attributes: number, at: number) =>
    state.wrote(
      readHeader(recordBatch([{ value: 'x' }], { producerId, producerEpoch: 0, baseSequence: 0, attributes })),
      producerId,
      BigInt(at),
    )
  wrote(1n, 0, nowMs)
  wrote(2n, transactional, nowMs)
  wrote(3n, 0, nowMs + 1)
  const known = () => [...state.all()].map(({ producerId }) => producerId)

  expect(state.forgetIdle(nowMs + dayMs - 1)).toBe(nowMs + dayMs)
  expect(known()).toEqual([1n, 2n, 3n])
  expect(state.forgetIdle(nowMs + dayMs)).toBe(nowMs + dayMs + 1)
  expect(known()).toEqual([2n, 3n])
  expect(state.forgetIdle(nowMs + 9 * dayMs)).toBe(Number.POSITIVE_INFINITY)
  expect(known()).toEqual([2n])
  state.wroteMarker({ producerId: 2n, producerEpoch: 0, outcome: 'commit', coordinatorEpoch: 0 }, 9n, BigInt(nowMs))
  state.forgetIdle(nowMs + dayMs)
  expect(known()).toEqual([])
})

describe('the first write of a transaction', () => {
  const first = (baseSequence: number, producerEpoch = 0) =>
    readHeader(
      recordBatch([{ value: 'x' }], { producerId: 1n, producerEpoch, baseSequence, attributes: transactional }),
    )
  const attempt = (state: ProducerState, baseSequence: number, hasOwnEpoch: boolean) => {
    state.transactionalWrite(first(baseSequence), hasOwnEpoch, nowMs)
    return () => state.check(first(baseSequence))
  }

  it('begins with sequence 0 where each transaction has an epoch of its own', () => {
    expect(attempt(new ProducerState(), 1, true)).toThrow('expected was at most 0')
    expect(attempt(new ProducerState(), 0, true)()).toBe(undefined)
    expect(attempt(new ProducerState(), 1, false)()).toBe(undefined)
  })

  it('is the lowest of those that were tried, also when the coordinator refused it', () => {
    const state = new ProducerState()
    attempt(state, 2, false)
    expect(attempt(state, 5, false)).toThrow('expected was at most 2')
    expect(attempt(state, 2, false)()).toBe(undefined)
    state.wrote(first(2), 0n, BigInt(nowMs))
    expect(state.transactionalWrite(first(3), false, nowMs)).toBe('continues')
    expect(state.check(first(3))).toBe(undefined)
  })

  it('of the next transaction is not forgotten with the marker of the one before', () => {
    const state = new ProducerState()
    const marker = { producerId: 1n, producerEpoch: 1, outcome: 'commit', coordinatorEpoch: 0 } as const
    state.transactionalWrite(first(4, 1), true, nowMs)
    state.wroteMarker(marker, 0n, BigInt(nowMs))
    expect(() => state.check(first(4, 1))).toThrow('expected was at most 0')
    state.wroteMarker({ ...marker, producerEpoch: 2 }, 1n, BigInt(nowMs))
    expect(() => state.check(first(4, 2))).toThrow('expected was 0')
  })

  it('that never came is forgotten like an idle producer', () => {
    const state = new ProducerState()
    const late = attempt(state, 5, true)
    expect(state.forgetIdle(nowMs + dayMs - 1)).toBe(nowMs + dayMs)
    expect(late).toThrow('at most 0')
    expect(state.forgetIdle(nowMs + dayMs)).toBe(Number.POSITIVE_INFINITY)
    expect(late()).toBe(undefined)
  })
})

it('keeps no sequences of a producer in an epoch below zero', () => {
  const state = new ProducerState()
  const batch = (producerEpoch: number, baseSequence: number) =>
    readHeader(recordBatch([{ value: 'x' }], { producerId: 1n, producerEpoch, baseSequence }))
  state.wrote(batch(-1, 0), 0n, BigInt(nowMs))
  expect(state.check(batch(-1, 7))).toBe(undefined)
  expect(state.check(batch(0, 7))).toBe(undefined)
})
