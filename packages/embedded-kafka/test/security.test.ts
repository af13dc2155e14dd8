import type { SASLOptions } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { type Access, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { certificates } from './support/certificates.ts'
import { commit } from './support/commit.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'

const users = { alice: 'alice-secret', 'bo,b=': 'pass\u00e9' }

function quiet(): { warnings: string[]; warn: (message: string) => void } {
  const warnings: string[] = []
  return { warnings, warn: (message) => void warnings.push(message) }
}

/** Writes a record and reads its topic's metadata, as that user. */
async function writeAs(options: EmbeddedKafkaOptions, sasl: SASLOptions | undefined): Promise<string[]> {
  const seen: string[] = []
  const authorize = ({ principal }: Access): boolean => {
    seen.push(principal)
    return true
  }
  await using kafka = await startEmbeddedKafka({ authorize, ...quiet(), ...options })
  const client = kafkajsFor(kafka, { retry: { retries: 0 }, ...(sasl && { sasl }) })
  const producer = client.producer({ createPartitioner })
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ value: 'a' }] })
  await producer.disconnect()
  return [...new Set(seen)]
}

async function handshake(client: RawClient, mechanism: string, version = 1) {
  return client.ask<{ errorCode: number; mechanisms: string[] }>('SaslHandshake', version, { mechanism })
}

async function authenticate(client: RawClient, message: string) {
  const authBytes = Buffer.from(message)
  return client.ask<{ errorCode: number; errorMessage: string | null; authBytes: Buffer; sessionLifetimeMs: bigint }>(
    'SaslAuthenticate',
    2,
    { authBytes },
  )
}

const bearer = (token: string): string => `n,,\u0001auth=Bearer ${token}\u0001\u0001`

describe('SASL', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'lets in who knows the password, by %s',
    async (mechanism) => {
      for (const [username, password] of Object.entries(users)) {
        expect(await writeAs({ sasl: { users } }, { mechanism, username, password })).toEqual([`User:${username}`])
      }
    },
  )

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'refuses a wrong password and an unknown user, by %s',
    async (mechanism) => {
      for (const [username, password] of [
        ['alice', 'guessed'],
        ['mallory', 'alice-secret'],
        ['__proto__', 'x'],
      ] as const) {
        await expect(writeAs({ sasl: { users } }, { mechanism, username, password })).rejects.toThrow(/^SASL .* failed/)
      }
    },
  )

  it('asks the test about bearer tokens', async () => {
    const validateToken = (token: string) => (token === 'good' ? { user: 'carol' } : null)
    const asking = (value: string): SASLOptions => ({
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value }),
    })
    expect(await writeAs({ sasl: { validateToken } }, asking('good'))).toEqual(['User:carol'])
    await expect(writeAs({ sasl: { validateToken } }, asking('bad'))).rejects.toThrow()
  })

  it('says why a token was refused, and ends when the client has heard it', async () => {
    await using kafka = await startEmbeddedKafka({ sasl: { validateToken: () => null }, ...quiet() })
    using client = await connectRaw(kafka.bootstrapServers[0])
    await handshake(client, 'OAUTHBEARER')
    expect(String((await authenticate(client, bearer('x'))).authBytes)).toBe('{"status":"invalid_token"}')
    expect(await authenticate(client, '\u0001')).toMatchObject({
      errorCode: 58,
      errorMessage: '{"status":"invalid_token"}',
    })
    await client.closed
  })

  it('serves ApiVersions to all, and nothing else before authentication', async () => {
    const { warnings, warn } = quiet()
    await using kafka = await startEmbeddedKafka({ sasl: { users }, warn })
    using client = await connectRaw(kafka.bootstrapServers[0])
    expect(await client.ask('ApiVersions', 2, {})).toMatchObject({ errorCode: 0 })
    await expect(client.ask('Metadata', 5, { topics: null })).rejects.toThrow('closed')
    expect(warnings).toEqual([expect.stringContaining('Metadata was asked for before authentication')])
  })

  it('offers what it has to a client that wants another mechanism', async () => {
    await using kafka = await startEmbeddedKafka({ sasl: { users, mechanisms: ['PLAIN'] }, ...quiet() })
    using client = await connectRaw(kafka.bootstrapServers[0])
    expect(await handshake(client, 'SCRAM-SHA-256')).toEqual({ errorCode: 33, mechanisms: ['PLAIN'] })
    await client.closed
  })

  it('takes bare messages after a handshake of version 0', async () => {
    await using kafka = await startEmbeddedKafka({ sasl: { users }, ...quiet() })
    using client = await connectRaw(kafka.bootstrapServers[0])
    await handshake(client, 'PLAIN', 0)
    client.send(Buffer.from('\0alice\0alice-secret'))
    await client.bareAnswer()
    expect(await client.ask('Metadata', 5, { topics: null })).toMatchObject({ topics: [] })
    using stranger = await connectRaw(kafka.bootstrapServers[0])
    await handshake(stranger, 'PLAIN', 0)
    stranger.send(Buffer.from('x'))
    await stranger.closed
  })

  it('ends with its token, unless the client shows another one of the same user', async () => {
    const user = (token: string): string => (token === 'other' ? 'dave' : 'carol')
    const validateToken = (token: string) => ({ user: user(token), expiresAt: Date.now() + 60_000 })
    await using kafka = await startEmbeddedKafka({ sasl: { validateToken }, ...quiet() })
    using client = await connectRaw(kafka.bootstrapServers[0])
    for (let time = 0; time < 2; time++) {
      await handshake(client, 'OAUTHBEARER')
      const { errorCode, sessionLifetimeMs } = await authenticate(client, bearer('one'))
      expect(errorCode).toBe(0)
      expect(Number(sessionLifetimeMs)).toBeGreaterThan(50_000)
    }
    await handshake(client, 'OAUTHBEARER')
    expect(await authenticate(client, bearer('other'))).toMatchObject({ errorCode: 58 })
    await client.closed
    using late = await connectRaw(kafka.bootstrapServers[0])
    await handshake(late, 'OAUTHBEARER')
    await authenticate(late, bearer('one'))
    await kafka.advanceClock(60_000)
    await expect(late.ask('Metadata', 5, { topics: null })).rejects.toThrow('closed')
  })

  it('is none on a broker that has none', async () => {
    await using kafka = await startEmbeddedKafka()
    using client = await connectRaw(kafka.bootstrapServers[0])
    expect(await handshake(client, 'PLAIN')).toEqual({ errorCode: 34, mechanisms: [] })
    expect(await authenticate(client, 'x')).toMatchObject({ errorCode: 34 })
  })

  it('is refused where nobody could get in', async () => {
    await expect(startEmbeddedKafka({ sasl: {} })).rejects.toThrow('neither users nor validateToken')
    await expect(startEmbeddedKafka({ sasl: { users, mechanisms: ['OAUTHBEARER'] } })).rejects.toThrow(
      'no validateToken',
    )
  })
})

describe('TLS', () => {
  it('hides what is said, and nothing else changes', async () => {
    const { server, ca } = await certificates()
    await using kafka = await startEmbeddedKafka({ tls: server, ...quiet() })
    const producer = kafkajsFor(kafka, { ssl: { ca: [ca] } }).producer({ createPartitioner })
    await producer.connect()
    await producer.send({ topic: 'orders', messages: [{ value: 'a' }] })
    await producer.disconnect()
    expect(kafka.log('orders', 0)).toHaveLength(1)
  })

  it('knows clients by their certificate, and none without one, where it asks for them', async () => {
    const { server, client, ca } = await certificates()
    const seen = new Set<string>()
    const { warnings, warn } = quiet()
    await using kafka = await startEmbeddedKafka({
      tls: { ...server, ca, requestCert: true },
      authorize: ({ principal }) => Boolean(seen.add(principal)),
      warn,
    })
    kafka.createTopic('orders')
    const connect = async (ssl: object): Promise<void> => {
      const admin = kafkajsFor(kafka, { ssl: { ca: [ca], ...ssl }, retry: { retries: 0 } }).admin()
      await admin.connect()
      await admin.listTopics()
      await admin.disconnect()
    }
    await connect(client)
    expect([...seen]).toEqual(['User:CN=shop'])
    await expect(connect({})).rejects.toThrow()
    expect(warnings.length).toBeGreaterThan(0)
  })

  it('ends with the broker, also for those who are still at their handshake', async () => {
    const { server } = await certificates()
    const kafka = await startEmbeddedKafka({ tls: server, ...quiet() })
    using client = await connectRaw(kafka.bootstrapServers[0])
    await kafka.close()
    await client.closed
  })
})

describe('authorize', () => {
  it('answers each resource that it bars with its own error, and serves the others', async () => {
    const asked: Access[] = []
    await using kafka = await startEmbeddedKafka({
      authorize(access) {
        asked.push(access)
        return access.name !== 'secret' && access.operation !== 'IdempotentWrite'
      },
    })
    kafka.createTopic('orders')
    kafka.createTopic('secret')
    using client = await connectRaw(kafka.bootstrapServers[0])
    const topics = ['orders', 'secret'].map((name) => ({ name }))
    type Named = { topics: { name: string; errorCode: number }[] }
    const named = await client.ask<Named>('Metadata', 5, { topics, allowAutoTopicCreation: false })
    expect(named.topics.map(({ errorCode }) => errorCode)).toEqual([0, 29])
    const all = await client.ask<Named>('Metadata', 5, { topics: null })
    expect(all.topics.map(({ name }) => name)).toEqual(['orders'])
    expect(await client.ask('InitProducerId', 1, { transactionalId: null, transactionTimeoutMs: 0 })).toMatchObject({
      errorCode: 31,
    })
    const heartbeat = { groupId: 'secret', generationId: 1, memberId: 'm' }
    expect(await client.ask('Heartbeat', 3, heartbeat)).toMatchObject({ errorCode: 30 })
    expect(await client.ask('Heartbeat', 3, { ...heartbeat, groupId: 'billing' })).toMatchObject({ errorCode: 25 })
    const commit = {
      groupId: 'secret',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 1n }] }],
    }
    type Committed = { topics: { partitions: { errorCode: number }[] }[] }
    const committed = await client.ask<Committed>('OffsetCommit', 5, commit)
    expect(committed.topics[0]?.partitions).toEqual([expect.objectContaining({ errorCode: 30 })])
    expect(asked).toContainEqual({
      principal: 'User:ANONYMOUS',
      host: '/127.0.0.1',
      operation: 'Describe',
      resource: 'topic',
      name: 'secret',
    })
  })

  it('tells nobody what a group has committed for topics that it may not see', async () => {
    await using kafka = await startEmbeddedKafka({
      authorize: ({ name, operation }) => !(name === 'secret' && operation === 'Describe'),
    })
    for (const topic of ['orders', 'secret']) {
      kafka.createTopic(topic)
      await commit(kafka, { groupId: 'g', topic, nextOffset: 1n })
    }
    using client = await connectRaw(kafka.bootstrapServers[0])
    const fetched = (topics: readonly object[] | null) => client.ask('OffsetFetch', 5, { groupId: 'g', topics })
    const told = (committedOffset: bigint, errorCode: number) => [
      expect.objectContaining({ partitionIndex: 0, committedOffset, errorCode }),
    ]
    expect(await fetched(['orders', 'secret'].map((name) => ({ name, partitionIndexes: [0] })))).toMatchObject({
      errorCode: 0,
      topics: [
        { name: 'orders', partitions: told(1n, 0) },
        { name: 'secret', partitions: told(-1n, 29) },
      ],
    })
    expect(await fetched(null)).toMatchObject({ topics: [{ name: 'orders', partitions: told(1n, 0) }] })
  })
})
