/** True requests of every API in every version, spoiled. `TRIBUTARY_FUZZ_RUNS` is how many of each version; 60 by default. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { structOf } from '../../test/support/arbitrary-fields.ts'
import { anyLie, spoiled } from '../../test/support/lies.ts'
import { apis } from '../api/catalogue.ts'
import type { Api } from './api.ts'
import type { Layout } from './field-type.ts'
import { MalformedRequest } from './malformed-request.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const numRuns = Number(process.env['TRIBUTARY_FUZZ_RUNS'] ?? 60)

function written(api: Api, value: unknown, layout: Layout): Buffer {
  const writer = new Writer()
  api.request.write(writer, value, layout)
  return Buffer.concat(writer.buffers())
}

/** What was built: a piece for each object, field and element, and one for each byte or character. */
function pieces(value: unknown): number {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return 1 + value.length
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, each) => sum + pieces(each), 1)
}

/** No struct has more fields than this, and the smallest takes a byte. */
const piecesOfAByte = 32

describe.each([...apis.values()].map((api) => [api.name, api] as const))('%s', (_name, api) => {
  const [oldest, newest] = api.versions
  const versions = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index)

  it.each(versions)(
    'in version %d is read, or called malformed, and nothing larger is built than was sent',
    { timeout: 60_000 + numRuns * 100 },
    (version) => {
      const layout: Layout = { version, flexible: version >= api.flexibleSince }
      fc.assert(
        fc.property(
          structOf(api.request.fields ?? {}, version),
          fc.array(anyLie, { minLength: 1, maxLength: 4 }),
          (value, lies) => {
            const bytes = spoiled(written(api, value, layout), api, layout, lies)
            let built: unknown
            try {
              built = api.request.read(new Reader(bytes), layout)
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedRequest)
              return
            }
            expect(pieces(built)).toBeLessThanOrEqual((bytes.length + 4) * piecesOfAByte)
          },
        ),
        { numRuns },
      )
    },
  )
})
