import fc from 'fast-check'
import { expect, it } from 'vitest'
import { joined, Slabs } from './slabs.ts'

/** Like batches of any size: most are small, some larger than a slab. */
const sizes = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 1_200_000 }) },
  ),
  { maxLength: 60 },
)

it('keeps every byte of its own, whatever becomes of the original, and gives any stretch in few pieces', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (lengths, from, to) => {
      const slabs = new Slabs()
      const originals = lengths.map((length, index) => Buffer.alloc(length, index + 1))
      const copies = originals.map((each) => slabs.copyOf(each))
      const expected = originals.map((each) => Buffer.from(each))
      for (const each of originals) each.fill(0xff)
      const [start, end] = [from % (lengths.length + 1), to % (lengths.length + 1)]
      expect(Buffer.concat(joined(copies.slice(start, end))).equals(Buffer.concat(expected.slice(start, end)))).toBe(
        true,
      )
    }),
    { numRuns: 50 },
  )
})

it('lays small neighbours side by side', () => {
  const slabs = new Slabs()
  const copies = Array.from({ length: 10_000 }, (_, index) => slabs.copyOf(Buffer.alloc(300, index)))
  // 1 KiB, 2 KiB and so on up to 1 MiB, and two or three of those.
  expect(joined(copies).length).toBeLessThanOrEqual(14)
  expect(joined(copies.slice(-1_000)).length).toBeLessThanOrEqual(2)
})

it('joins nothing that does not lie side by side', () => {
  const slabs = new Slabs()
  const [one, two, three] = ['one', 'two', 'three'].map((text) => slabs.copyOf(Buffer.from(text))) as [
    Buffer,
    Buffer,
    Buffer,
  ]
  expect(joined([one, three]).map(String)).toEqual(['one', 'three'])
  expect(joined([two, one]).map(String)).toEqual(['two', 'one'])
  expect(joined([one, two, three]).map(String)).toEqual(['onetwothree'])
  // At the same place of another slab.
  const others = new Slabs()
  others.copyOf(Buffer.from('ten'))
  expect(joined([one, others.copyOf(Buffer.from('four'))]).map(String)).toEqual(['one', 'four'])
  expect(joined([])).toEqual([])
})
