/**
 * Requests of every API in every version, with values that reach the handlers, true and spoiled, beside a client that goes about its
 * business. `TRIBUTARY_FUZZ_RUNS` is how many of each version; 4 by default.
 */
import { connect } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { apis } from '../src/api/catalogue.ts'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { structOf } from './support/arbitrary-fields.ts'
import { vocabulary } from './support/hostile-vocabulary.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { anyLie, spoiled } from './support/lies.ts'
import { connectRaw, encodeRequest } from './support/raw-client.ts'

const runsOfVersion = Number(process.env['TRIBUTARY_FUZZ_RUNS'] ?? 4)
const versions = [...apis.values()].flatMap((api) =>
  Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, index) => ({
    api,
    version: api.versions[0] + index,
  })),
)

/** Sends those frames and resolves when the broker has let go, whether it has answered or not. */
async function sendAndLeave(kafka: EmbeddedKafka, frames: readonly Buffer[]): Promise<void> {
  const [host = '', port = ''] = (kafka.bootstrapServers[0] ?? '').split(':')
  const socket = connect(Number(port), host)
  const closed = Promise.withResolvers<void>()
  socket.on('error', () => {}).on('close', () => closed.resolve())
  for (const frame of frames) {
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(frame.length)
    socket.write(Buffer.concat([prefix, frame]))
  }
  socket.resume().end()
  await closed.promise
}

/** Produces and consumes all the time, on a topic of its own that no hostile request knows. */
async function wellBehaved(kafka: EmbeddedKafka) {
  const client = kafkajsFor(kafka, { clientId: 'well-behaved' })
  const producer = client.producer({ createPartitioner })
  const consumer = client.consumer({ groupId: 'well-behaved' })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic: 'private-orders', fromBeginning: true })
  const received: number[] = []
  await consumer.run({ eachMessage: async ({ message }) => void received.push(Number(message.value)) })
  let sent = 0
  let isOver = false
  const producing = (async () => {
    while (!isOver) {
      await producer.send({ topic: 'private-orders', messages: [{ value: String(sent) }] })
      sent += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  return {
    received,
    /** Resolves with how many it has sent. */
    async end(): Promise<number> {
      isOver = true
      await producing
      await expect.poll(() => received.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(sent)
      await Promise.all([producer.disconnect(), consumer.disconnect()])
      return sent
    },
  }
}

it('does what any request says, or closes its connection, and nobody else notices', {
  timeout: 120_000 + runsOfVersion * 60_000,
}, async () => {
  const warnings: string[] = []
  await using kafka = await startEmbeddedKafka({ warn: (message) => warnings.push(message) })
  kafka.createTopic('private-orders')
  kafka.createTopic('orders', { partitions: 2 })
  kafka.createTopic('many', { partitions: 20 })
  const neighbour = await wellBehaved(kafka)
  using observer = await connectRaw(kafka.bootstrapServers[0])
  const { topics } = await observer.ask<{ topics: { topicId: string; name: string }[] }>('Metadata', 12, {
    topics: null,
  })
  const scalars = vocabulary(topics.filter(({ name }) => name !== 'private-orders').map(({ topicId }) => topicId))

  for (const { api, version } of versions) {
    const layout = { version, flexible: version >= api.flexibleSince }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(structOf(api.request.fields ?? {}, version, scalars), fc.array(anyLie, { maxLength: 2 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (requests) => {
          const frames = requests.map(([value, lies]) => {
            const frame = encodeRequest(api, version, value as object, 1, 'hostile')
            const headerBytes = frame.length - bodyLength(frame, layout.flexible)
            return Buffer.concat([
              frame.subarray(0, headerBytes),
              spoiled(frame.subarray(headerBytes), api, layout, lies),
            ])
          })
          await sendAndLeave(kafka, frames)
          expect(warnings.filter((line) => line.includes('internal error'))).toEqual([])
        },
      ),
      { numRuns: runsOfVersion, interruptAfterTimeLimit: 300_000 },
    )
  }
  const sent = await neighbour.end()
  expect([...new Set(neighbour.received)].toSorted((one, other) => one - other)).toEqual(
    Array.from({ length: sent }, (_, index) => index),
  )
  expect(await observer.ask('ApiVersions', 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })).toMatchObject({
    errorCode: 0,
  })
})

/** Behind API key, version, correlation id, the name `hostile`, and no tagged fields where there could be some. */
function bodyLength(frame: Buffer, isFlexible: boolean): number {
  return frame.length - (2 + 2 + 4 + 2 + 'hostile'.length + (isFlexible ? 1 : 0))
}
