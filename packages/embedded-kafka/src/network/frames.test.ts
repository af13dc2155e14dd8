import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { MalformedRequest } from '../protocol/malformed-request.ts'
import { Frames } from './frames.ts'

function framed(body: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(body.length)
  return Buffer.concat([prefix, body])
}

it('gives the same frames however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 8, maxLength: 40 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(framed))
        const frames = new Frames()
        const found: Buffer[] = []
        for (let position = 0, cut = 0; position < stream.length; cut++) {
          const size = cuts[cut % cuts.length] ?? 1
          frames.push(stream.subarray(position, position + size))
          position += size
          for (let frame = frames.next(); frame; frame = frames.next()) found.push(Buffer.from(frame))
        }
        expect(found).toEqual(bodies.map((body) => Buffer.from(body)))
        expect(frames.bufferedBytes).toBe(0)
      },
    ),
  )
})

it('puts a frame together that comes byte by byte', () => {
  const frames = new Frames()
  const body = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 256))
  for (const byte of framed(body)) frames.push(Buffer.from([byte]))
  expect(frames.next()).toEqual(body)
})

it('copies what comes in single bytes a few times only, however long the frame', () => {
  const frames = new Frames()
  const copied = vi.spyOn(Buffer, 'concat')
  const body = Buffer.alloc(200_000, 'x')
  for (const byte of framed(body)) frames.push(Buffer.of(byte))
  const joined = copied.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0)
  copied.mockRestore()
  expect(joined).toBeLessThan(16 * body.length)
  // And they were joined before the end.
  expect(joined).toBeGreaterThan(2 * body.length)
  expect(frames.next()).toEqual(body)
})

it('takes other bounds where a request is not what comes next', () => {
  const frames = new Frames()
  frames.push(framed(Buffer.from('abc')))
  expect(frames.next({ minBytes: 0, maxBytes: 3 })).toEqual(Buffer.from('abc'))
  frames.push(framed(Buffer.from('abcd')))
  expect(() => frames.next({ minBytes: 0, maxBytes: 3 })).toThrow('between 0 and 3')
})

it.each([-1, 0, 7, 104_857_601, 2 ** 31 - 1, -(2 ** 31)])(
  'refuses a frame of %d bytes before any of them came',
  (length) => {
    const frames = new Frames()
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(length)
    frames.push(prefix)
    expect(() => frames.next()).toThrow(MalformedRequest)
  },
)
