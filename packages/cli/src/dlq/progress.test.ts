import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RedriveProgress } from './progress.ts'

const bounds = (logStartOffset: bigint, logEndOffset: bigint) => ({
  topic: 'dlq',
  partition: 0,
  logStartOffset,
  logEndOffset,
})

describe('the progress of a redrive', () => {
  it('waits for what was not marked, whatever was marked in whichever order', () => {
    const offset = fc.bigInt({ min: 0n, max: 40n })
    const range = fc.tuple(offset, offset).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a + 1n }))
    fc.assert(
      fc.property(fc.array(range), offset, (ranges, start) => {
        let progress = new RedriveProgress(bounds(start, 41n), [])
        const done = new Set<bigint>()
        for (const { from, to } of ranges) {
          progress = progress.with({ from, to })
          for (let at = from; at < to; at += 1n) done.add(at)
        }
        const waiting: bigint[] = []
        for (const { from, to } of progress.waiting) for (let at = from; at < to; at += 1n) waiting.push(at)
        const expected: bigint[] = []
        for (let at = start; at < 41n; at += 1n) if (!done.has(at)) expected.push(at)
        expect(waiting).toEqual(expected)
        expect(progress.encoded('run1')?.nextOffset).toBe(expected[0] ?? 41n)
      }),
    )
  })

  it('says when it cannot be written down instead of forgetting a part', () => {
    let progress = new RedriveProgress(bounds(0n, 10_000n), [])
    let remembered = 0
    for (let at = 1n; at < 10_000n && progress.encoded('run1') !== null; at += 2n) {
      progress = progress.with({ from: at, to: at + 1n })
      remembered += 1
    }
    expect(progress.encoded('run1')).toBeNull()
    expect(remembered).toBeGreaterThan(1_000)
  })
})
