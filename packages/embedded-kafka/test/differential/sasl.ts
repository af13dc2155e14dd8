import type { RawClient } from '../support/raw-client.ts'
import type { Scenario } from './session.ts'

/** As the real cluster's SASL listener knows them. */
export const saslUsers = { alice: 'alice-secret', bob: 'bob-secret' }

interface Authenticated {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly authBytes: Buffer
  readonly sessionLifetimeMs: bigint
}

/** Texts are compared as well: clients show them to people, and some look at them. */
export const sasl: Scenario = async (session) => {
  const shakeHands = (client: RawClient, mechanism: string) =>
    client.ask<{ errorCode: number; mechanisms: string[] }>('SaslHandshake', 1, { mechanism })
  const say = async (client: RawClient, message: string) => {
    const answer = await client.ask<Authenticated>('SaslAuthenticate', 2, { authBytes: Buffer.from(message) })
    return { errorCode: answer.errorCode, text: answer.errorMessage, message: String(answer.authBytes) }
  }
  const failing = async (what: string, mechanism: string, ...messages: readonly string[]): Promise<void> => {
    const client = await session.connect()
    await shakeHands(client, mechanism)
    for (const message of messages) await session.record(what, say(client, message))
    await client.closed
  }

  const lost = await session.connect()
  const { errorCode, mechanisms } = await shakeHands(lost, 'GSSAPI')
  await session.record('a mechanism that is off', Promise.resolve({ errorCode, offered: mechanisms.toSorted() }))
  await lost.closed
  await session.recordClosed('Metadata before authentication', (client) => {
    client.ask('Metadata', 5, { topics: null }).catch(() => {})
  })
  await session.recordClosed('a message before the handshake', (client) => {
    client.ask('SaslAuthenticate', 2, { authBytes: Buffer.from('x') }).catch(() => {})
  })

  await failing('PLAIN, wrong password', 'PLAIN', '\0bob\0guessed')
  await failing('PLAIN, unknown user', 'PLAIN', '\0mallory\0x')
  await failing('PLAIN, no password', 'PLAIN', '\0bob\0')
  await failing('PLAIN, another identity', 'PLAIN', 'alice\0bob\0bob-secret')
  await failing('PLAIN, something else', 'PLAIN', 'bob')
  await failing('SCRAM, unknown user', 'SCRAM-SHA-512', 'n,,n=mallory,r=abc')
  await failing('SCRAM, something else', 'SCRAM-SHA-512', 'hello')
  await failing('OAUTHBEARER, something else', 'OAUTHBEARER', 'hello')

  const client = await session.connect()
  await shakeHands(client, 'PLAIN')
  await session.record('PLAIN', say(client, '\0bob\0bob-secret'))
  await session.record('a message too many', say(client, '\0bob\0bob-secret'))
  await session.record(
    'ApiVersions, authenticated',
    Promise.resolve((await client.ask<{ errorCode: number }>('ApiVersions', 2, {})).errorCode),
  )
}
