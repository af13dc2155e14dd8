/** Clients that do nothing, little or too much, beside one that is served. */
import { expect, it } from 'vitest'
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { apiNamed, connectRaw, encodeRequest, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'

const bounded = { timeout: 60_000 }

async function setUp(options: EmbeddedKafkaOptions = {}) {
  const warnings: string[] = []
  const kafka = await startEmbeddedKafka({ warn: (message) => warnings.push(message), ...options })
  kafka.createTopic('orders')
  return { kafka, warnings, [Symbol.asyncDispose]: () => kafka.close() }
}

/** A hundred at a time: the system forgets those that wait in too long a queue to be taken. */
async function connectMany(kafka: EmbeddedKafka, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  while (clients.length < count) {
    const next = Array.from({ length: Math.min(100, count - clients.length) }, () =>
      connectRaw(kafka.bootstrapServers[0], 'hostile'),
    )
    clients.push(...(await Promise.all(next)))
  }
  return clients
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const metadata = (correlationId: number, clientId = 'hostile'): Buffer =>
  encodeRequest(apiNamed('Metadata'), 6, { topics: [] }, correlationId, clientId)

it(
  'two thousand that say nothing, or the first byte, cost little and are gone when they were idle for long',
  bounded,
  async () => {
    await using ready = await setUp({ connectionsMaxIdleMs: 3_000 })
    const { kafka, warnings } = ready
    const before = process.memoryUsage()
    const clients = await connectMany(kafka, 2_000)
    for (const [index, client] of clients.entries()) if (index % 2 === 0) client.socket.write(Buffer.of(0))
    using neighbour = await connectRaw(kafka.bootstrapServers[0], 'neighbour')
    expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ topics: [] })
    const after = process.memoryUsage()
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(100 * 1024 * 1024)
    await Promise.all(clients.map(({ closed }) => closed))
    expect(warnings[0]).toMatch(/nothing moved on it for 3000 ms/)
  },
)

it(
  'an idle client that was served is let go without a word, and one that waits for its answer is not idle',
  bounded,
  async () => {
    await using ready = await setUp({ connectionsMaxIdleMs: 200 })
    const { kafka, warnings } = ready
    using waiting = await connectRaw(kafka.bootstrapServers[0], 'waiting')
    const fetched = waiting.ask('Fetch', 11, {
      maxWaitMs: 2_000,
      minBytes: 1,
      maxBytes: 1,
      sessionEpoch: -1,
      topics: [],
    })
    using served = await connectRaw(kafka.bootstrapServers[0], 'served')
    await served.ask('Metadata', 6, { topics: [] })
    await served.closed
    expect(await fetched).toMatchObject({ errorCode: 0 })
    await waiting.closed
    expect(warnings).toEqual([])
  },
)

it('one that does not read its answers is closed when it was idle for long', bounded, async () => {
  await using ready = await setUp({ connectionsMaxIdleMs: 500 })
  const { kafka, warnings } = ready
  using neighbour = await connectRaw(kafka.bootstrapServers[0], 'neighbour')
  await produceTo(neighbour, 'orders', recordBatch([{ value: 'x'.repeat(1_000_000) }]))
  using greedy = await connectRaw(kafka.bootstrapServers[0], 'greedy')
  greedy.socket.pause()
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 2_000_000 }]
  const request = { maxBytes: 2_000_000, topics: [{ topic: 'orders', partitions }] }
  for (let count = 0; count < 40; count++) greedy.send(encodeRequest(apiNamed('Fetch'), 11, request, 1, 'greedy'))
  await expect.poll(() => warnings, { timeout: 30_000 }).toEqual([expect.stringMatching(/greedy.*nothing moved on it/)])
})

it('ten thousand requests that nobody waits for are served in order, and others in between', bounded, async () => {
  await using ready = await setUp()
  const { kafka } = ready
  using hasty = await connectRaw(kafka.bootstrapServers[0], 'hasty')
  using neighbour = await connectRaw(kafka.bootstrapServers[0], 'neighbour')
  // Small requests with small answers that take their time: all groups are looked at, and none is wanted.
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 0n }] }]
  for (let count = 0; count < 500; count++)
    await neighbour.ask('OffsetCommit', 2, {
      groupId: `g${count}`,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics,
    })
  const all = (correlationId: number) =>
    encodeRequest(apiNamed('ListGroups'), 4, { statesFilter: ['x'] }, correlationId, 'hasty')
  let answered = 0
  const answers = Array.from({ length: 10_000 }, (_, index) => hasty.exchange(all(index + 1)).then(() => answered++))
  await neighbour.ask('Metadata', 6, { topics: [] })
  expect(answered).toBeLessThan(5_000)
  await Promise.all(answers)
})

it('a flood of connections that are closed fills no log', bounded, async () => {
  await using ready = await setUp()
  const { kafka, warnings } = ready
  for (let round = 0; round < 10; round++) {
    const clients = await connectMany(kafka, 50)
    for (const client of clients) client.socket.write(int32(-1))
    await Promise.all(clients.map(({ closed }) => closed))
  }
  await kafka.close()
  expect(warnings.length).toBeLessThan(60)
  expect(warnings.filter((line) => /^\d+ more connections/.test(line)).length).toBeGreaterThan(0)
})

it('a client cannot write lines of its own into the log, nor long ones', bounded, async () => {
  await using ready = await setUp()
  const { kafka, warnings } = ready
  using forger = await connectRaw(kafka.bootstrapServers[0])
  forger.send(metadata(1, `me\nbroker 0: all is well\u2028\u001b[2J${'x'.repeat(30_000)}`).subarray(0, -2))
  await forger.closed
  expect(warnings).toEqual([
    expect.stringMatching(/^broker 0 closes .* \(client id me\?broker 0: all is well\?\?\[2Jx+\): /),
  ])
  expect(warnings[0]?.length).toBeLessThan(300)
})

it(
  'those whose requests together take more than the broker may hold lose the greediest, and others are served',
  bounded,
  async () => {
    await using ready = await setUp()
    const { kafka, warnings } = ready
    using neighbour = await connectRaw(kafka.bootstrapServers[0], 'neighbour')
    using held = kafka.faults.on('ListGroups', { clientId: 'hostile', times: Number.POSITIVE_INFINITY }).hold('before')
    // Each waits for its answer with a request of 100 kB that has a hundred thousand elements.
    const statesFilter = Array.from({ length: 99_000 }, () => '')
    const request = encodeRequest(apiNamed('ListGroups'), 4, { statesFilter }, 1, 'hostile')
    const clients = await connectMany(kafka, 25)
    for (const client of clients) {
      client.send(request)
      // More comes behind it, which makes it no smaller.
      client.socket.write(Buffer.of(0))
    }
    await Promise.race(clients.map(({ closed }) => closed))
    expect(held.count).toBeGreaterThan(15)
    expect(warnings[0]).toMatch(/it holds 25\d{6} bytes of requests, more than any other/)
    expect(await neighbour.ask('Metadata', 6, { topics: [] })).toMatchObject({ topics: [] })
    for (const { socket } of clients) socket.destroy()
  },
)
