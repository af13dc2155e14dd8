import { describe, expect, it } from 'vitest'
import {
  BrokerError,
  type ConnectFailure,
  code,
  hopelessConnection,
  isRetriable,
  LinkError,
  publicError,
} from './failures.ts'

const plain: ConnectFailure = { broker: 'b:9092', stage: 'connect', usesTls: false, usesSasl: false }
const tls = { ...plain, usesTls: true }

describe('failures', () => {
  it('are worth another try when their code is unknown, and never when the list says so', () => {
    expect(isRetriable(new BrokerError(9_999, 'here'))).toBe(true)
    expect(isRetriable(new BrokerError(code.notLeaderForPartition, 'here'))).toBe(true)
    expect(isRetriable(new BrokerError(code.topicAuthorizationFailed, 'here'))).toBe(false)
    expect(isRetriable(new LinkError('gone', { sent: true }))).toBe(true)
    expect(isRetriable(new TypeError('a bug'))).toBe(false)
  })

  it.each([
    [code.topicAuthorizationFailed, 'NOT_AUTHORIZED'],
    [code.unknownTopicOrPartition, 'TOPIC_NOT_FOUND'],
    [code.notLeaderForPartition, 'CLUSTER_UNAVAILABLE'],
    [37, 'CONNECTION_CONFIG_INVALID'],
  ])('with code %i are told to users as %s', (kafkaCode, expected) => {
    expect(publicError(new BrokerError(kafkaCode, 'here'))).toMatchObject({ code: expected, cause: { kafkaCode } })
  })

  it.each([
    ['a self-signed certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, tls, 'CONNECTION_CONFIG_INVALID', /`ssl\.ca`/],
    [
      'a certificate for another name',
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      tls,
      'CONNECTION_CONFIG_INVALID',
      /name that the certificate holds/,
    ],
    [
      'a wrong password',
      { name: 'KafkaJSSASLAuthenticationError', message: 'no' },
      plain,
      'NOT_AUTHORIZED',
      /credentials in `sasl`/,
    ],
    [
      'a mechanism that is off',
      { name: 'KafkaJSSASLAuthenticationError', message: 'mechanism is not supported by the server' },
      plain,
      'CONNECTION_CONFIG_INVALID',
      /`sasl\.mechanism`/,
    ],
  ])('of %s are hopeless at the first attempt', (_, error, failure, expected, message) => {
    expect(hopelessConnection(error, failure, false)).toMatchObject({
      code: expected,
      message: expect.stringMatching(message),
    })
  })

  it('of a connection that is closed are hopeless only when they repeat from the beginning', () => {
    const closed = { message: 'Closed connection' }
    for (const [failure, setting] of [
      [{ ...plain, stage: 'handshake' }, '`ssl`'],
      [{ ...plain, stage: 'first-request' }, '`sasl`'],
    ] as const) {
      expect(hopelessConnection(closed, failure, false)).toBeNull()
      expect(hopelessConnection(closed, failure, true)).toMatchObject({ message: expect.stringContaining(setting) })
    }
    expect(hopelessConnection({ code: 'ECONNREFUSED' }, plain, true)).toBeNull()
  })
})
