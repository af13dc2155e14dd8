/**
 * What went wrong on the wire, decided in one place: whether waiting heals it, and what the user is told when it does not.
 */
import {
  AuthorizationError,
  ClusterUnavailableError,
  ConnectionConfigError,
  TopicNotFoundError,
  TributaryError,
} from '@tributary/event-bus'
import { errorCodes } from './kafkajs-internals.ts'

/** The error codes of Kafka that this driver decides on by name. */
export const code = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderForPartition: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  offsetMetadataTooLarge: 12,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  recordListTooLarge: 18,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  topicAlreadyExists: 36,
  notController: 41,
  outOfOrderSequenceNumber: 45,
  duplicateSequenceNumber: 46,
  invalidProducerEpoch: 47,
  transactionalIdAuthorizationFailed: 53,
  unknownProducerId: 59,
  memberIdRequired: 79,
  fencedInstanceId: 82,
} as const

/** Waiting heals none of these. A code that is not in the list, and one that a later Kafka invents, is worth another try. */
const permanentCodes: ReadonlySet<number> = new Set([
  4, // INVALID_FETCH_SIZE
  code.messageTooLarge,
  code.offsetMetadataTooLarge,
  17, // INVALID_TOPIC_EXCEPTION
  code.recordListTooLarge,
  21, // INVALID_REQUIRED_ACKS
  code.inconsistentGroupProtocol,
  24, // INVALID_GROUP_ID
  26, // INVALID_SESSION_TIMEOUT
  code.topicAuthorizationFailed,
  code.groupAuthorizationFailed,
  code.clusterAuthorizationFailed,
  32, // INVALID_TIMESTAMP
  33, // UNSUPPORTED_SASL_MECHANISM
  35, // UNSUPPORTED_VERSION
  code.topicAlreadyExists,
  37, // INVALID_PARTITIONS
  38, // INVALID_REPLICATION_FACTOR
  39, // INVALID_REPLICA_ASSIGNMENT
  40, // INVALID_CONFIG
  42, // INVALID_REQUEST
  43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44, // POLICY_VIOLATION
  code.transactionalIdAuthorizationFailed,
  54, // SECURITY_DISABLED
  58, // SASL_AUTHENTICATION_FAILED
  68, // NON_EMPTY_GROUP
  73, // TOPIC_DELETION_DISABLED
  76, // UNSUPPORTED_COMPRESSION_TYPE
  81, // GROUP_MAX_SIZE_REACHED
  87, // INVALID_RECORD
])

const authorizationCodes: ReadonlySet<number> = new Set([
  code.topicAuthorizationFailed,
  code.groupAuthorizationFailed,
  code.clusterAuthorizationFailed,
  code.transactionalIdAuthorizationFailed,
  58,
])

/** An error code in a broker's answer. Stays inside the driver: users see the typed errors that are made from it. */
export class BrokerError extends Error {
  readonly kafkaCode: number

  constructor(kafkaCode: number, where: string) {
    const known = errorCodes.find((each) => each.code === kafkaCode)
    super(`${where}: ${known === undefined ? `Kafka error ${kafkaCode}` : `${known.message} (${known.type})`}`)
    this.name = 'BrokerError'
    this.kafkaCode = kafkaCode
  }
}

/** The connection broke, could not be made, or no answer came. `sent` is false only when no byte of the request can have left. */
export class LinkError extends Error {
  readonly sent: boolean

  constructor(message: string, options: ErrorOptions & { sent: boolean }) {
    super(message, options)
    this.name = 'LinkError'
    this.sent = options.sent
  }
}

/** @throws {BrokerError} unless the code says success. */
export function throwOnCode(kafkaCode: number, where: string): void {
  if (kafkaCode !== code.none) throw new BrokerError(kafkaCode, where)
}

/** Whether the same request may succeed later without anybody changing anything. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof BrokerError) return !permanentCodes.has(error.kafkaCode)
  if (error instanceof LinkError) return true
  return error instanceof TributaryError && error.retryable
}

/** The error that a user of the driver sees. */
export function publicError(error: unknown): Error {
  if (error instanceof TributaryError) return error
  if (error instanceof BrokerError && authorizationCodes.has(error.kafkaCode)) {
    return new AuthorizationError(`${error.message}. Grant it in the cluster, or change the credentials in \`sasl\`.`, {
      cause: error,
    })
  }
  if (error instanceof BrokerError && error.kafkaCode === code.unknownTopicOrPartition) {
    const remedy = 'Topics are never created by accident: run `applyTopics` or `tributary topics ensure`.'
    return new TopicNotFoundError(`${error.message}. ${remedy}`, { outcome: 'not-written', cause: error })
  }
  if (error instanceof BrokerError && !isRetriable(error))
    return new ConnectionConfigError(error.message, { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new ClusterUnavailableError(message, { cause: error })
}

/** How far a connection came before it failed; says which setting is to blame. */
export type ConnectStage = 'connect' | 'handshake' | 'authenticate' | 'first-request'

export interface ConnectFailure {
  readonly broker: string
  readonly stage: ConnectStage
  readonly usesTls: boolean
  readonly usesSasl: boolean
}

const certificateCodes: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/**
 * The typed error for a connection that can never work with these settings, or null where trying again may help. `isRepeated` says that every
 * attempt so far ended the same way: a broker that shuts down also closes connections, but not each and every one from the first.
 */
export function hopelessConnection(error: unknown, failure: ConnectFailure, isRepeated: boolean): Error | null {
  if (error instanceof TributaryError) return error
  const { broker, stage } = failure
  const cause = { cause: error }
  const systemCode = textOf(error, 'code')
  const message = textOf(error, 'message')
  if (certificateCodes.has(systemCode)) {
    return new ConnectionConfigError(
      `the certificate of ${broker} is not accepted (${systemCode}): give the authority that signed it in \`ssl.ca\`, and reach the broker under a ` +
        'name that the certificate holds',
      cause,
    )
  }
  if (systemCode === 'ERR_SSL_WRONG_VERSION_NUMBER' || /wrong version number|packet length too long/i.test(message)) {
    return new ConnectionConfigError(
      `${broker} does not speak TLS on this port: leave \`ssl\` out, or use the port of a TLS listener`,
      cause,
    )
  }
  if (
    /alert (number|certificate|bad certificate|unknown ca|handshake)/i.test(message) ||
    systemCode.startsWith('ERR_SSL_TLSV1')
  ) {
    return new ConnectionConfigError(
      `${broker} refused the TLS handshake (${message}): check \`ssl.cert\` and \`ssl.key\``,
      cause,
    )
  }
  if (textOf(error, 'type') === 'UNSUPPORTED_SASL_MECHANISM' || /mechanism is not supported/.test(message)) {
    return new ConnectionConfigError(
      `${broker} does not offer this way to authenticate: change \`sasl.mechanism\` to one that the listener enables`,
      cause,
    )
  }
  if (textOf(error, 'name') === 'KafkaJSSASLAuthenticationError') {
    return new AuthorizationError(`${broker} refused the credentials in \`sasl\`: ${message}`, cause)
  }
  if (!isRepeated) return null
  if (
    stage === 'connect' &&
    failure.usesTls &&
    /before secure TLS connection|ECONNRESET/.test(`${message} ${systemCode}`)
  ) {
    return new ConnectionConfigError(
      `${broker} closes the connection during the TLS handshake: it may not speak TLS on this port; check \`ssl\``,
      cause,
    )
  }
  if (stage === 'handshake' && !failure.usesTls) {
    return new ConnectionConfigError(
      `${broker} closes the connection at the first request: it may expect TLS; set \`ssl\`, or use the port of a plain listener`,
      cause,
    )
  }
  if (stage === 'first-request' && !failure.usesSasl) {
    return new ConnectionConfigError(
      `${broker} closes the connection at the first request after the handshake: it may expect authentication; set \`sasl\``,
      cause,
    )
  }
  return null
}

function textOf(error: unknown, property: 'code' | 'message' | 'name' | 'type'): string {
  if (typeof error !== 'object' || error === null) return ''
  const value: unknown = Reflect.get(error, property)
  return typeof value === 'string' ? value : ''
}
