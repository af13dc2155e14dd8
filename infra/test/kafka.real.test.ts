import { readFile } from 'node:fs/promises'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { expect, test } from 'vitest'

const brokers = (variable: string): string[] => (process.env[variable] ?? '').split(',')
const sasl = brokers('TRIBUTARY_REAL_KAFKA_SASL')

/** A token without a signature: what a cluster for tests accepts, and no other should. */
function unsecuredToken(subject: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + 300 })}.`
}

test.each<[string, SASLOptions]>([
  ['SCRAM-SHA-512', { mechanism: 'scram-sha-512', username: 'alice', password: 'alice-secret' }],
  ['PLAIN', { mechanism: 'plain', username: 'bob', password: 'bob-secret' }],
  ['OAUTHBEARER', { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: unsecuredToken('carol') }) }],
])('a client can log in with %s', async (_mechanism, options) => {
  expect(await nodesSeenBy(new Kafka({ brokers: sasl, sasl: options, logLevel: logLevel.NOTHING }))).toBe(1)
})

test('a wrong password is refused', async () => {
  const wrong: SASLOptions = { mechanism: 'scram-sha-512', username: 'alice', password: 'guessed' }
  await expect(nodesSeenBy(new Kafka({ brokers: sasl, sasl: wrong, logLevel: logLevel.NOTHING }))).rejects.toThrow(
    /authentication/i,
  )
})

test('TLS works with the authority, which knows 127.0.0.1 by its address', async () => {
  const ca = await readFile(process.env['TRIBUTARY_REAL_KAFKA_CA'] ?? '', 'utf8')
  const kafka = new Kafka({
    brokers: brokers('TRIBUTARY_REAL_KAFKA_SSL'),
    ssl: { ca: [ca] },
    logLevel: logLevel.NOTHING,
  })
  expect(await nodesSeenBy(kafka)).toBe(1)
})

test('a topic is not made by asking about it', async () => {
  const admin = new Kafka({
    brokers: brokers('TRIBUTARY_REAL_KAFKA'),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin()
  await admin.connect()
  await expect(admin.fetchTopicOffsets('never-made')).rejects.toThrow()
  expect(await admin.listTopics()).not.toContain('never-made')
  await admin.disconnect()
})

async function nodesSeenBy(kafka: Kafka): Promise<number> {
  const admin = kafka.admin({ retry: { retries: 1 } })
  await admin.connect()
  try {
    return (await admin.describeCluster()).brokers.length
  } finally {
    await admin.disconnect()
  }
}
