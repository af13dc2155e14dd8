/** TLS and SASL against the listeners of a real broker: what works, and what the errors say when it cannot. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type KafkajsOptions, kafkajs, type SaslOptions } from '../src/index.ts'
import { join } from './members.ts'
import { record } from './stage.ts'

const plain = (process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(',')
const sasl = (process.env['TRIBUTARY_REAL_KAFKA_SASL'] ?? '').split(',')
const ssl = (process.env['TRIBUTARY_REAL_KAFKA_SSL'] ?? '').split(',')
const scram: SaslOptions = { mechanism: 'scram-sha-512', username: 'alice', password: 'alice-secret' }

/** A token without a signature, which a cluster for tests accepts and no other should. */
function unsecuredToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  return `${part({ alg: 'none' })}.${part({ sub: 'carol', iat: now, exp: now + 300 })}.`
}

async function goesThrough(options: KafkajsOptions): Promise<void> {
  const driver = kafkajs(options)
  onTestFinished(() => driver.close())
  const topic = `security-${randomUUID()}`
  await driver
    .createAdmin({ clientId: 'a' })
    .createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
  await driver
    .createProducer({ clientId: 'p' })
    .append({ topic, partition: 0 }, [record('secret')], { timeoutMs: 10_000 })
  const member = join(driver, topic, { group: topic })
  await member.until(() => member.values().length === 1, 20_000)
  expect(await member.commit(0)).toEqual(['committed'])
}

async function failsWith(options: KafkajsOptions, code: string, message: RegExp): Promise<void> {
  const driver = kafkajs(options)
  onTestFinished(() => driver.close())
  const expected = { code, message: expect.stringMatching(message) }
  await expect(driver.createAdmin({ clientId: 'a' }).listTopics()).rejects.toMatchObject(expected)
  const member = join(driver, 'anything', { group: randomUUID() })
  await expect(member.consumer.joined).rejects.toMatchObject(expected)
  expect(JSON.stringify(member.failure)).not.toContain('guessed')
}

describe('a driver with the right settings produces, reads and commits', () => {
  it.each<[string, SaslOptions]>([
    ['SCRAM-SHA-512', scram],
    ['PLAIN', { mechanism: 'plain', username: 'bob', password: 'bob-secret' }],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: unsecuredToken() }) }],
  ])('with SASL %s', (_, options) => goesThrough({ brokers: sasl, sasl: options }))

  it('over TLS', async () => {
    const ca = await readFile(process.env['TRIBUTARY_REAL_KAFKA_CA'] ?? '', 'utf8')
    await goesThrough({ brokers: ssl, ssl: { ca: [ca] } })
  })
})

describe('a driver with wrong settings says which one', () => {
  it('for a wrong password', () =>
    failsWith({ brokers: sasl, sasl: { ...scram, password: 'guessed' } }, 'NOT_AUTHORIZED', /`sasl`/))
  it('for a mechanism that is off', () =>
    failsWith(
      { brokers: sasl, sasl: { ...scram, mechanism: 'scram-sha-256' } },
      'CONNECTION_CONFIG_INVALID',
      /`sasl\.mechanism`/,
    ))
  it('for missing SASL', () => failsWith({ brokers: sasl }, 'CONNECTION_CONFIG_INVALID', /`sasl`/))
  it('for a certificate that nobody vouches for', () =>
    failsWith({ brokers: ssl, ssl: true }, 'CONNECTION_CONFIG_INVALID', /`ssl\.ca`/))
  it('for plain text on a TLS port', () => failsWith({ brokers: ssl }, 'CONNECTION_CONFIG_INVALID', /`ssl`/))
  it('for TLS on a plain port', () => failsWith({ brokers: plain, ssl: true }, 'CONNECTION_CONFIG_INVALID', /`ssl`/))
})
