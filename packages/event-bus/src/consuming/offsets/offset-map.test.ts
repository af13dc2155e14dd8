import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOffsetMap, encodeOffsetMap, keyHashOf, type OffsetMap, type UnsettledEntry } from './offset-map.ts'

const base = fc.bigInt(0n, 2n ** 62n)
const distance = fc.bigInt(0n, 100_000n)
const step = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), gap: distance, length: fc.bigInt(1n, 100_000n) }),
  fc.record({ kind: fc.constant('lane' as const), gap: distance, keyHash: fc.nat(2 ** 32 - 1) }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function mapFrom(start: bigint, steps: readonly Step[]): OffsetMap {
  let position = start
  const unsettled = steps.map((next): UnsettledEntry => {
    const from = position + next.gap
    position = next.kind === 'run' ? from + next.length : from
    return next.kind === 'run' ? { kind: 'run', from, to: position } : { kind: 'lane', from, keyHash: next.keyHash }
  })
  return { boundary: position + 1n, unsettled }
}

const lane = (from: bigint, key: string): UnsettledEntry => ({
  kind: 'lane',
  from,
  keyHash: keyHashOf(Buffer.from(key)),
})
const run = (from: bigint, to: bigint): UnsettledEntry => ({ kind: 'run', from, to })

describe('the offset map', () => {
  it('says what was put in, up to what fits into 4,096 bytes; where it is cut, everything is unsettled', () => {
    fc.assert(
      fc.property(base, fc.array(step, { maxLength: 2_000 }), (start, steps) => {
        const map = mapFrom(start, steps)
        const { metadata, fill } = encodeOffsetMap(start, map)
        const decoded = decodeOffsetMap(metadata, start)
        expect(Buffer.byteLength(metadata)).toBeLessThanOrEqual(4_096)
        const count = decoded?.unsettled.length ?? -1
        expect(decoded?.unsettled).toEqual(map.unsettled.slice(0, count))
        if (fill < 1) expect(decoded).toEqual(map)
        else expect(decoded?.boundary).toBe(map.unsettled[count]?.from ?? map.boundary)
      }),
    )
  })

  it('is empty when nothing is settled beyond the offset', () => {
    expect(encodeOffsetMap(5n, { boundary: 5n, unsettled: [] })).toEqual({ metadata: '', fill: 0 })
    expect(decodeOffsetMap('', 5n)).toEqual({ boundary: 5n, unsettled: [] })
  })

  it('means nothing for another offset than the one it was written with', () => {
    const map = { boundary: 9n, unsettled: [run(5n, 6n)] }
    const { metadata } = encodeOffsetMap(5n, map)
    expect(decodeOffsetMap(metadata, 5n)).toEqual(map)
    expect(decodeOffsetMap(metadata, 4n)).toEqual({ boundary: 4n, unsettled: [] })
  })

  it('takes a few bytes for a waiting key, however many records are settled beyond it', () => {
    const { metadata } = encodeOffsetMap(5n, { boundary: 3_600_005n, unsettled: [lane(5n, 'order-4711')] })
    expect(metadata.length).toBeLessThan(30)
  })

  it('that is cut calls nothing settled from the first record on that has no room', () => {
    const unsettled = Array.from({ length: 5_000 }, (_, index) => run(BigInt(index * 2), BigInt(index * 2 + 1)))
    const { metadata, fill } = encodeOffsetMap(0n, { boundary: 10_000n, unsettled })
    const decoded = decodeOffsetMap(metadata, 0n)
    expect(fill).toBe(1)
    expect(decoded?.boundary).toBe(unsettled[decoded?.unsettled.length ?? -1]?.from)
  })

  it('has room for 500 waiting keys', () => {
    const unsettled = Array.from({ length: 500 }, (_, index) => lane(BigInt(index * 1_000), `k${index}`))
    expect(encodeOffsetMap(0n, { boundary: 600_000n, unsettled }).fill).toBeLessThan(1)
  })

  // What older and newer members of a group have stored: these texts must be read as long as there are such commits.
  it.each([
    [
      'tributary-a',
      'tributary-a.100.AgMBAQ',
      { boundary: 107n, unsettled: [run(100n, 102n), run(105n, 106n)] } satisfies OffsetMap,
    ],
    [
      'tributary-b',
      'tributary-b.100.6AcAoQEDGs_NSSY',
      {
        boundary: 1_100n,
        unsettled: [run(100n, 101n), run(141n, 144n), lane(150n, 'order-4711')],
      } satisfies OffsetMap,
    ],
  ])('reads %s', (format, metadata, map) => {
    expect(decodeOffsetMap(metadata, 100n)).toEqual(map)
    if (format === 'tributary-b') expect(encodeOffsetMap(100n, map).metadata).toBe(metadata)
  })

  // A member that knows `tributary-a` only answers likewise to `tributary-b`: with a warning, and by running again what was settled.
  it('is not taken for what another program wrote, or for what is cut off', () => {
    const { metadata } = encodeOffsetMap(5n, { boundary: 50_000n, unsettled: [run(5n, 6n), run(1_000n, 2_000n)] })
    for (const other of ['bAAAAgAA', '{"v":1}', 'tributary-c.5.AQE', metadata.slice(0, -2), 'tributary-b.5.Aw']) {
      expect(decodeOffsetMap(other, 5n)).toEqual(other.endsWith('Aw') ? { boundary: 8n, unsettled: [] } : null)
    }
  })

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), base, (text, start) => void decodeOffsetMap(text, start)))
    for (const format of ['tributary-a', 'tributary-b']) {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string(),
            fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
          ),
          base,
          (text, start) => void decodeOffsetMap(`${format}.${start}.${text}`, start),
        ),
      )
    }
  })
})

describe('the room of a map', () => {
  // Every other offset is unsettled: a byte for each.
  const gaps = (base: bigint, count: number): OffsetMap => ({
    boundary: base + BigInt(2 * count),
    unsettled: Array.from({ length: count }, (_, n) => ({
      kind: 'run' as const,
      from: base + BigInt(2 * n),
      to: base + BigInt(2 * n + 1),
    })),
  })

  // With these bases what is left for the bytes is a multiple of four characters.
  it.each([100n, 2n ** 62n])('is used to the last byte, and never exceeded, behind %s', (base) => {
    const whole: string[] = []
    for (let count = 3_040; count < 3_070; count += 1) {
      const map = gaps(base, count)
      const { metadata } = encodeOffsetMap(base, map)
      expect(metadata.length).toBeLessThanOrEqual(4_096)
      if (decodeOffsetMap(metadata, base)?.boundary === map.boundary) whole.push(metadata)
    }
    expect(whole.length).toBeGreaterThan(0)
    expect(whole.at(-1)).toHaveLength(4_096)
  })

  it.each([0n, 100n, 2n ** 62n])('is the same behind a long base as behind a short one: %s', (base) => {
    const { boundary, unsettled } = gaps(base, 5_000)
    const { metadata, fill } = encodeOffsetMap(base, { boundary: boundary + 2n ** 55n, unsettled })
    expect(fill).toBe(1)
    expect(metadata.length).toBeLessThanOrEqual(4_096)
    expect(metadata.length).toBeGreaterThan(4_080)
    const decoded = decodeOffsetMap(metadata, base)
    expect(decoded?.unsettled).toEqual(unsettled.slice(0, decoded?.unsettled.length))
    expect(decoded?.boundary).toBe(unsettled[decoded?.unsettled.length ?? 0]?.from)
  })
})

it.each([
  ['no base', 'tributary-b'],
  ['no map', 'tributary-b.5'],
  ['something behind the map', 'tributary-b.5.CA.CA'],
  ['the name of another format', 'tributary-z.5.CA'],
  ['an entry of a kind that there is not', `tributary-b.5.${Buffer.from([8, 0b11, 4]).toString('base64url')}`],
])('metadata with %s cannot be read', (_, metadata) => {
  expect(decodeOffsetMap('tributary-b.5.CA', 5n)).toEqual({ boundary: 13n, unsettled: [] })
  expect(decodeOffsetMap(metadata, 5n)).toBeNull()
})
