import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestPrefix } from './request-frame.ts'

const require = createRequire(import.meta.url)
const Encoder: new () => { writeBufferInternal(bytes: Buffer): void } = require('kafkajs/src/protocol/encoder')
const createRequest: (request: object) => Promise<{ buffer: Buffer }> = require('kafkajs/src/protocol/request')

const int16 = fc.integer({ min: 0, max: 0x7fff })
const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array))

describe('a request on the wire', () => {
  it('is what kafkajs makes of the same header and body', async () => {
    await fc.assert(
      fc.asyncProperty(
        int16,
        int16,
        fc.nat({ max: 0x7fff_ffff }),
        fc.string({ unit: 'grapheme' }),
        fc.array(bytes, { maxLength: 5 }),
        async (apiKey, apiVersion, correlationId, clientId, body) => {
          const encoder = new Encoder()
          for (const part of body) encoder.writeBufferInternal(part)
          const original = await createRequest({
            correlationId,
            clientId,
            request: { apiKey, apiVersion, encode: () => encoder },
          })
          const prefix = requestPrefix({ apiKey, apiVersion, correlationId, clientId }, body)
          expect(Buffer.concat([prefix, ...body])).toEqual(original.buffer)
        },
      ),
      { numRuns: 200 },
    )
  })
})
