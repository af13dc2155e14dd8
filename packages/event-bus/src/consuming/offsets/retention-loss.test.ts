import { expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import type { OffsetMap } from './offset-map.ts'
import { RetentionLoss } from './retention-loss.ts'

const place = { topic: 'orders', partition: 0 }

function lossOf(position: bigint, logStartOffset: bigint, known: OffsetMap | null) {
  const expiredUnread = vi.fn()
  const error = vi.fn()
  const loss = new RetentionLoss({ settled: vi.fn(), expiredUnread }, { ...silentLogger, error })
  loss.ofUnread(place, position, logStartOffset, known)
  return { count: loss.count, counted: expiredUnread.mock.calls, logged: error.mock.calls }
}

it('counts every offset of which nothing is known, and says where they were', () => {
  const { count, counted, logged } = lossOf(5n, 12n, null)
  expect(count).toBe(7)
  expect(counted).toEqual([['orders', 7]])
  const text = 'retention removed records before this group had read them'
  expect(logged).toEqual([[{ ...place, position: 5n, logStartOffset: 12n, offsets: 7 }, text]])
})

const run = (from: bigint, to: bigint) => ({ kind: 'run' as const, from, to })

it.each<[what: string, known: OffsetMap, offsets: number]>([
  ['nothing that was settled beyond the position', { boundary: 30n, unsettled: [run(5n, 6n)] }, 1],
  ['a run as far as it is gone', { boundary: 30n, unsettled: [run(5n, 6n), run(10n, 20n)] }, 3],
  ['no run that is still there', { boundary: 30n, unsettled: [run(5n, 6n), run(12n, 20n)] }, 1],
  ['everything from the boundary on', { boundary: 8n, unsettled: [run(5n, 6n)] }, 5],
  ['the first record of a waiting key', { boundary: 30n, unsettled: [{ kind: 'lane', from: 7n, keyHash: 1 }] }, 1],
  ['no waiting key that is still there', { boundary: 30n, unsettled: [{ kind: 'lane', from: 12n, keyHash: 1 }] }, 0],
  ['everything when the map lies before the position', { boundary: 3n, unsettled: [] }, 7],
])('counts %s', (_, known, offsets) => {
  const { count, counted, logged } = lossOf(5n, 12n, known)
  expect(count).toBe(offsets)
  expect(counted).toHaveLength(offsets === 0 ? 0 : 1)
  expect(logged).toHaveLength(offsets === 0 ? 0 : 1)
})

it('adds followers that expired to what was never read', () => {
  const settled = vi.fn()
  const loss = new RetentionLoss({ settled, expiredUnread: vi.fn() }, silentLogger)
  loss.ofFollower(place, 'k', 3n)
  loss.ofUnread(place, 5n, 12n, null)
  expect(settled.mock.calls).toEqual([['orders', 'expired', 1]])
  expect(loss.count).toBe(8)
})
