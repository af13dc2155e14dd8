import { expect, it } from 'vitest'
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
