/** Ways to spoil the bytes of a request: those of chance, and those of somebody who knows where the lengths are. */
import fc from 'fast-check'
import type { Api } from '../../src/protocol/api.ts'
import type { Layout } from '../../src/protocol/field-type.ts'
import { Reader } from '../../src/protocol/reader.ts'

type NumberKind = 'int16' | 'int32' | 'varint'

/** Where a number lies that may be a length, a count, a tag or a tagged field's size. */
interface NumberAt {
  readonly kind: NumberKind
  readonly start: number
  readonly end: number
}

/** Notes where the numbers are that it reads. */
class NumberFinder extends Reader {
  readonly found: NumberAt[] = []
  readonly #length: number

  constructor(bytes: Buffer) {
    super(bytes)
    this.#length = bytes.length
  }

  override int16(): number {
    return this.#noted('int16', () => super.int16())
  }

  override int32(): number {
    return this.#noted('int32', () => super.int32())
  }

  override unsignedVarint(): number {
    return this.#noted('varint', () => super.unsignedVarint())
  }

  #noted(kind: NumberKind, read: () => number): number {
    const start = this.#length - this.remaining
    const value = read()
    this.found.push({ kind, start, end: this.#length - this.remaining })
    return value
  }
}

/** Places are thousandths of what there is to choose from. */
const place = fc.nat(999)

export type Lie =
  | { readonly kind: 'flip'; readonly at: number; readonly bits: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'splice'; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: 'number'; readonly at: number; readonly lie: number }
  | { readonly kind: 'tags'; readonly count: number; readonly tags: readonly Tag[] }

interface Tag {
  readonly tag: number
  readonly size: number
  readonly bytes: Uint8Array
}

/** Three bytes under a tag that is known or not, twice, in any order, with a size that is true or not. */
const tag: fc.Arbitrary<Tag> = fc.record({
  tag: fc.constantFrom(0, 1, 1, 2, 9_999, 2 ** 31, 2 ** 32 - 1),
  size: fc.constantFrom(0, 3, 3, 4, 127, 2 ** 31 - 1, 2 ** 32 - 1),
  bytes: fc.uint8Array({ minLength: 3, maxLength: 3 }),
})

export const anyLie: fc.Arbitrary<Lie> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ maxLength: 12 }) }),
  fc.record({ kind: fc.constant('splice' as const), at: place, from: place, length: fc.nat(40) }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('number' as const), at: place, lie: fc.nat(99) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tags' as const),
      count: fc.constantFrom(0, 1, 2, 3, 2 ** 31 - 1, 2 ** 32 - 1),
      tags: fc.array(tag, { maxLength: 3 }),
    }),
  },
)

/** The body of a true request of that API, spoiled. */
export function spoiled(body: Buffer, api: Api, layout: Layout, lies: readonly Lie[]): Buffer {
  return lies.reduce((bytes, lie) => spoil(bytes, api, layout, lie), body)
}

function spoil(bytes: Buffer, api: Api, layout: Layout, lie: Lie): Buffer {
  const at = (thousandths: number): number => Math.floor((bytes.length * thousandths) / 1_000)
  const replaced = (start: number, end: number, ...by: readonly Uint8Array[]): Buffer =>
    Buffer.concat([bytes.subarray(0, start), ...by, bytes.subarray(end)])
  switch (lie.kind) {
    case 'flip':
      return bytes.length === 0
        ? bytes
        : replaced(at(lie.at), at(lie.at) + 1, Buffer.of((bytes[at(lie.at)] ?? 0) ^ lie.bits))
    case 'cut':
      return bytes.subarray(0, at(lie.at))
    case 'insert':
      return replaced(at(lie.at), at(lie.at), lie.bytes)
    case 'splice':
      return replaced(at(lie.at), at(lie.at), bytes.subarray(at(lie.from), at(lie.from) + lie.length))
    case 'number': {
      const numbers = numbersIn(bytes, api, layout)
      const chosen = numbers[Math.floor((numbers.length * lie.at) / 1_000)]
      return chosen ? replaced(chosen.start, chosen.end, lyingNumber(chosen, bytes, lie.lie)) : bytes
    }
    case 'tags':
      // The last byte of a flexible request counts its own tagged fields: none, where nothing was spoiled before.
      return layout.flexible ? replaced(bytes.length - 1, bytes.length, tagSection(lie)) : bytes
  }
}

/** As far as the request can be read. */
function numbersIn(bytes: Buffer, api: Api, layout: Layout): readonly NumberAt[] {
  const finder = new NumberFinder(bytes)
  try {
    api.request.read(finder, layout)
  } catch {}
  return finder.found
}

function lyingNumber({ kind, start, end }: NumberAt, bytes: Buffer, choice: number): Buffer {
  const left = bytes.length - end
  if (kind === 'varint') {
    const values = [0, 1, 2, left, left + 1, left + 2, 127, 128, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
    // Longer than any number of 32 bits, and a number that takes more bytes than it needs.
    const odd = [Buffer.alloc(10, 0xff), Buffer.from('ffffffffffffffffff01', 'hex'), Buffer.from('8180808000', 'hex')]
    return odd[choice - values.length] ?? varint(values[choice % values.length] ?? 0)
  }
  const size = end - start
  const limit = 2 ** (8 * size - 1)
  const values = [0, 1, -1, -2, left, left + 1, left - 1, limit - 1, -limit, 1_000]
  const value = values[choice % values.length] ?? 0
  const number = Buffer.alloc(size)
  number.writeIntBE(Math.max(-limit, Math.min(value, limit - 1)), 0, size)
  return number
}

function tagSection({ count, tags }: Extract<Lie, { kind: 'tags' }>): Buffer {
  return Buffer.concat([varint(count), ...tags.flatMap((each) => [varint(each.tag), varint(each.size), each.bytes])])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}
