/** Those who are not let in: what they may send, and that nobody else notices. */
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { certificates } from './support/certificates.ts'
import { kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'

const users = { alice: 'alice-secret' }

async function setUp(options: EmbeddedKafkaOptions) {
  const warnings: string[] = []
  const kafka = await startEmbeddedKafka({ warn: (message) => warnings.push(message), ...options })
  return { kafka, warnings, [Symbol.asyncDispose]: () => kafka.close() }
}

function frame(bytes: Buffer, claimedLength: number = bytes.length): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(claimedLength)
  return Buffer.concat([prefix, bytes])
}

function handshake(client: RawClient, version = 1): Promise<object> {
  return client.ask('SaslHandshake', version, { mechanism: 'PLAIN' })
}

describe('before authentication', () => {
  it('a request of more than 512 KiB is refused, and after it is not', { timeout: 60_000 }, async () => {
    await using ready = await setUp({ sasl: { users } })
    const { kafka, warnings } = ready
    using stranger = await connectRaw(kafka.bootstrapServers[0])
    stranger.socket.write(frame(Buffer.alloc(10), 524_289))
    await stranger.closed
    using bare = await connectRaw(kafka.bootstrapServers[0])
    await handshake(bare, 0)
    bare.socket.write(frame(Buffer.alloc(10), 524_289))
    await bare.closed
    expect(warnings).toEqual([
      expect.stringMatching(/between 8 and 524288/),
      expect.stringMatching(/between 0 and 524288/),
    ])

    using alice = await connectRaw(kafka.bootstrapServers[0])
    await handshake(alice)
    await alice.ask('SaslAuthenticate', 2, { authBytes: Buffer.from('\0alice\0alice-secret') })
    const topics = Array.from({ length: 100 }, (_, index) => ({ name: `${index}`.padEnd(10_000, 'x') }))
    expect(await alice.ask('Metadata', 5, { topics })).toMatchObject({ topics: { length: 100 } })
  })

  it('a token as long as may be is refused like any other', { timeout: 60_000 }, async () => {
    await using ready = await setUp({ sasl: { users } })
    using stranger = await connectRaw(ready.kafka.bootstrapServers[0])
    await handshake(stranger)
    const authBytes = Buffer.alloc(524_000)
    expect(await stranger.ask('SaslAuthenticate', 2, { authBytes })).toMatchObject({ errorCode: 58 })
    await stranger.closed
    expect(ready.warnings).toEqual([expect.stringContaining('authentication failed')])
  })
})

describe('at a TLS listener', () => {
  const hello = Buffer.from('16030100a5010000a10303', 'hex')
  const attacks: [string, Buffer][] = [
    ['a request in plain text', frame(Buffer.from('0003000600000001ffff00000000', 'hex'))],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['rubbish behind the beginning of a hello', Buffer.concat([hello, Buffer.alloc(300, 0xa5)])],
    ['a record that is longer than any', Buffer.from('160301ffff01', 'hex')],
    ['nothing but zeros', Buffer.alloc(10_000)],
  ]

  it.each(attacks)('%s ends that connection, with one line', { timeout: 60_000 }, async (_what, bytes) => {
    const { server, ca } = await certificates()
    await using ready = await setUp({ tls: server })
    const { kafka, warnings } = ready
    using stranger = await connectRaw(kafka.bootstrapServers[0])
    stranger.socket.write(bytes)
    await stranger.closed
    await expect
      .poll(() => warnings, { timeout: 30_000 })
      .toEqual([expect.stringMatching(/^broker 0 closes the connection of/)])
    await listTopics(kafka, { ca: [ca] })
  })

  it('half a hello and then silence ends with the time for handshakes', { timeout: 60_000 }, async () => {
    const { server, ca } = await certificates()
    await using ready = await setUp({ tls: server, connectionsMaxIdleMs: 500 })
    const { kafka, warnings } = ready
    using stranger = await connectRaw(kafka.bootstrapServers[0])
    using silent = await connectRaw(kafka.bootstrapServers[0])
    stranger.socket.write(hello)
    await Promise.all([stranger.closed, silent.closed])
    expect(warnings).toHaveLength(2)
    await listTopics(kafka, { ca: [ca] })
  })

  it('a certificate of another authority does not let in', { timeout: 60_000 }, async () => {
    const [ours, theirs] = await Promise.all([certificates(), certificates()])
    await using ready = await setUp({ tls: { ...ours.server, ca: ours.ca, requestCert: true } })
    const { kafka, warnings } = ready
    const [host = '', port = ''] = (kafka.bootstrapServers[0] ?? '').split(':')
    const socket = connectTls({ host, port: Number(port), ca: ours.ca, ...theirs.client })
    const closed = Promise.withResolvers<void>()
    socket.on('error', () => {}).on('close', () => closed.resolve())
    socket.resume()
    await closed.promise
    expect(warnings).toHaveLength(1)
    await listTopics(kafka, { ca: [ours.ca], ...ours.client })
  })
})

async function listTopics(kafka: Parameters<typeof kafkajsFor>[0], ssl: object): Promise<void> {
  const admin = kafkajsFor(kafka, { ssl }).admin()
  await admin.connect()
  expect(await admin.listTopics()).toEqual([])
  await admin.disconnect()
}
