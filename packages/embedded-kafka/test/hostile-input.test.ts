import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { apiNamed, connectRaw, encodeRequest } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'

/** A broker, what it warned of, and a well-behaved client beside the hostile ones. */
async function setUp() {
  const warnings: string[] = []
  const kafka = await startEmbeddedKafka({ warn: (message) => warnings.push(message) })
  kafka.createTopic('orders')
  const neighbour = await connectRaw(kafka.bootstrapServers[0], 'neighbour')
  return { kafka, warnings, neighbour, [Symbol.asyncDispose]: () => kafka.close() }
}

/** Sends bytes and resolves when the broker has closed the connection. */
async function sendAndLose(kafka: EmbeddedKafka, bytes: Buffer): Promise<void> {
  using client = await connectRaw(kafka.bootstrapServers[0], 'hostile')
  client.socket.write(bytes)
  await client.closed
}

function framed(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(body.length)
  return Buffer.concat([prefix, body])
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const metadata = (): Buffer => encodeRequest(apiNamed('Metadata'), 6, { topics: [] }, 1, 'hostile')

describe('the connection is closed, with a word why, and the neighbour is served', () => {
  const attacks: [string, Buffer, RegExp][] = [
    ['a frame that claims 2 GiB', int32(2 ** 31 - 1), /a frame claims 2147483647 bytes/],
    ['a frame of negative length', int32(-5), /a frame claims -5 bytes/],
    [
      'an API key that does not exist',
      framed(Buffer.from([0x7f, 0x01, 0, 0, 0, 0, 0, 1, 0xff, 0xff])),
      /API key 32513/,
    ],
    ['a version that nobody speaks', framed(Buffer.from([0, 3, 0, 99, 0, 0, 0, 1, 0xff, 0xff])), /Metadata version 99/],
    ['a request that ends too early', framed(metadata().subarray(0, -2)), /wants 1 bytes|are left|claims/],
    [
      'an array of 2^31 - 1 elements',
      framed(metadata().subarray(0, -5), int32(2 ** 31 - 1)),
      /claims 2147483647 elements/,
    ],
    [
      'a client id that is longer than the frame',
      framed(Buffer.from([0, 3, 0, 6, 0, 0, 0, 1, 0x7f, 0xff])),
      /wants 32767 bytes/,
    ],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex'), /a frame claims 369295616 bytes/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /a frame claims 1195725856 bytes/],
  ]
  it.each(attacks)('after %s', async (_name, bytes, reason) => {
    await using ready = await setUp()
    const { kafka, warnings, neighbour } = ready
    await sendAndLose(kafka, bytes)
    expect(warnings).toEqual([expect.stringMatching(reason)])
    expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ topics: [] })
  })
})

it('allocates nothing for what is only claimed, by a thousand half-open connections', async () => {
  await using ready = await setUp()
  const { kafka, neighbour } = ready
  const before = process.memoryUsage()
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => connectRaw(kafka.bootstrapServers[0])))
  // Each claims 100 MiB and sends a few bytes of it.
  for (const client of clients) client.socket.write(Buffer.concat([int32(104_857_600), Buffer.from('slow')]))
  expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ topics: [] })
  const after = process.memoryUsage()
  expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(100 * 1024 * 1024)
  for (const client of clients) client.socket.destroy()
})

it('stops answering a client that does not read, and reading from one that does not wait', async () => {
  await using ready = await setUp()
  const { kafka, neighbour } = ready
  const large = recordBatch([{ value: 'x'.repeat(1_000_000) }])
  await produceTo(neighbour, 'orders', large)
  using greedy = await connectRaw(kafka.bootstrapServers[0], 'greedy')
  greedy.socket.pause()
  const served = kafka.faults.on('Fetch', { times: Number.POSITIVE_INFINITY }).run(() => {})
  const request = encodeRequest(
    apiNamed('Fetch'),
    11,
    {
      maxBytes: 2_000_000,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 2_000_000 }] }],
    },
    1,
    'greedy',
  )
  for (let count = 0; count < 500; count++) greedy.send(request)
  await served.happened(2)
  // Held back by its own unread answers: what the sockets buffer is some megabytes, all 500 would be half a gigabyte.
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(served.count).toBeLessThan(50)

  using flooding = await connectRaw(kafka.bootstrapServers[0], 'flooding')
  using held = kafka.faults.on('Metadata', { clientId: 'hostile' }).hold('before')
  flooding.send(metadata())
  await held.happened()
  // In pieces: the rest of a single large write counts as unsent until all of it is gone.
  for (let mebibyte = 0; mebibyte < 64; mebibyte++) flooding.socket.write(Buffer.alloc(1024 * 1024))
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(flooding.socket.writableLength).toBeGreaterThan(32 * 1024 * 1024)
  expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ topics: [] })
})

it('refuses a batch that unpacks to more than any broker holds', async () => {
  await using ready = await setUp()
  const { kafka, neighbour } = ready
  const bomb = recordBatch([{ value: 'x' }], {
    attributes: 4,
    compress: () => zstdCompressSync(Buffer.alloc(2 ** 27 + 1)),
  })
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records: [bomb] }] }]
  const answer = await neighbour.ask('Produce', 7, { acks: 1, timeoutMs: 1_000, topicData })
  expect(answer).toMatchObject({ responses: [{ partitionResponses: [{ errorCode: -1 }] }] })
  expect(kafka.offsets('orders', 0).endOffset).toBe(0n)
})

it('serves others between the batches of a request of which each takes its time', { timeout: 60_000 }, async () => {
  await using ready = await setUp()
  const { kafka, neighbour } = ready
  kafka.createTopic('bombs', { partitions: 10 })
  const bomb = recordBatch([{ value: 'x' }], {
    attributes: 4,
    compress: () => zstdCompressSync(Buffer.alloc(30_000_000)),
  })
  const partitionData = Array.from({ length: 10 }, (_, index) => ({ index, records: [bomb] }))
  using producer = await connectRaw(kafka.bootstrapServers[0], 'hostile')
  let isOver = false
  const produced = producer
    .ask('Produce', 7, { acks: 1, timeoutMs: 1_000, topicData: [{ name: 'bombs', partitionData }] })
    .finally(() => {
      isOver = true
    })
  let served = 0
  for (; !isOver; served++) await neighbour.ask('Metadata', 6, { topics: [] })
  expect(await produced).toMatchObject({ responses: [{ partitionResponses: { length: 10 } }] })
  // One may come before the request, and one behind it.
  expect(served).toBeGreaterThan(3)
})

it('answers an ApiVersions of the future in the oldest version', async () => {
  await using ready = await setUp()
  const answer = await ready.neighbour.exchange(Buffer.from([0, 18, 0, 99, 0, 0, 0, 1, 0xff, 0xff]))
  expect(answer.readInt16BE(4)).toBe(35)
})

it('survives any bytes in any frames', async () => {
  await using ready = await setUp()
  const { kafka, neighbour } = ready
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.uint8Array({ minLength: 8, maxLength: 60 }),
          // A right header of a random API, then anything: reaches the field decoders and the handlers.
          fc
            .tuple(fc.integer({ min: 0, max: 76 }), fc.integer({ min: 0, max: 18 }), fc.uint8Array({ maxLength: 60 }))
            .map(([key, version, rest]) =>
              Buffer.concat([Buffer.from([0, key, 0, version, 0, 0, 0, 1, 0xff, 0xff]), rest]),
            ),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      async (frames) => {
        using client = await connectRaw(kafka.bootstrapServers[0], 'fuzz')
        for (const frame of frames) client.socket.write(framed(Buffer.from(frame)))
        expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ brokers: [{ nodeId: 0 }] })
      },
    ),
    { numRuns: 200 },
  )
  expect(ready.warnings.filter((warning) => warning.includes('internal error'))).toEqual([])
})
