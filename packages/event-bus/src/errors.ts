/**
 * Every error of the framework, with its code. Match on `code`, never on the message or with `instanceof`: two copies of a package in one process
 * have different classes and the same codes. `docs/errors.md` says for each what to do, and a test holds the two lists against each other.
 */
import type { PublishedEvent } from './publishing/publisher.ts'

/** Base of every error the framework throws. Codes are stable and never reused; messages may change in a patch release. */
export abstract class TributaryError extends Error {
  static readonly code: string
  /** Whether the same call may succeed later without anybody changing anything. */
  static readonly retryable: boolean
  readonly code: string
  readonly retryable: boolean

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = new.target.code
    this.retryable = new.target.retryable
  }
}

// Definitions

/** An event definition cannot work: the message names the field of the definition or of the schema. */
export class EventDefinitionError extends TributaryError {
  static override readonly code = 'EVENT_DEFINITION_INVALID'
  static override readonly retryable = false
}

/** Two schemas share a fingerprint and differ (logical types, scale): readers could not tell them apart. */
export class SchemaConflictError extends TributaryError {
  static override readonly code = 'SCHEMA_CONFLICT'
  static override readonly retryable = false
}

/** A schema cannot be resolved to another one that the definition lists. */
export class SchemaIncompatibleError extends TributaryError {
  static override readonly code = 'SCHEMA_INCOMPATIBLE'
  static override readonly retryable = false
}

/** A subscription cannot work as it is written; every fault found is listed. */
export class SubscriptionInvalidError extends TributaryError {
  static override readonly code = 'SUBSCRIPTION_INVALID'
  static override readonly retryable = false
}

/** Two subscriptions of one group in one process would share partitions and take records from each other. */
export class GroupAlreadySubscribedError extends TributaryError {
  static override readonly code = 'GROUP_ALREADY_SUBSCRIBED'
  static override readonly retryable = false
}

/** The topics asked for contradict each other or what is on the cluster. */
export class TopicPlanError extends TributaryError {
  static override readonly code = 'TOPIC_PLAN_INVALID'
  static override readonly retryable = false
}

/** A topic keeps its records for less time than a subscription may wait for one. Never thrown: it is logged when the group has been joined. */
export class RetentionTooShortError extends TributaryError {
  static override readonly code = 'RETENTION_TOO_SHORT'
  static override readonly retryable = false
}

// Publishing

/**
 * What is known of a failed publish. `not-written`: it is not on the log and never will be. `unknown`: it may be there; publishing the same event id
 * again is safe for subscribers that keep an inbox.
 */
export type PublishOutcome = 'not-written' | 'unknown'

/** A publish failed; `outcome` says what is known about the log. */
export abstract class PublishError extends TributaryError {
  readonly outcome: PublishOutcome

  constructor(message: string, options: ErrorOptions & { outcome: PublishOutcome }) {
    super(message, options)
    this.outcome = options.outcome
  }
}

/** The data does not fit the event's schema; `path` names the field. Nothing was sent. */
export class EventDataError extends PublishError {
  static override readonly code = 'EVENT_DATA_INVALID'
  static override readonly retryable = false
  readonly path: string

  constructor(message: string, options: ErrorOptions & { path: string }) {
    super(message, { ...options, outcome: 'not-written' })
    this.path = options.path
  }
}

/** The record is larger than the topic or the producer allows. */
export class RecordTooLargeError extends PublishError {
  static override readonly code = 'RECORD_TOO_LARGE'
  static override readonly retryable = false
}

/** The cluster does not know the topic. Topics are never created by accident: run `applyTopics` or `tributary topics ensure`. */
export class TopicNotFoundError extends PublishError {
  static override readonly code = 'TOPIC_NOT_FOUND'
  static override readonly retryable = true
}

/** The broker refuses the write for a reason that waiting does not heal: authorisation, policy, an invalid record. */
export class WriteRefusedError extends PublishError {
  static override readonly code = 'WRITE_REFUSED'
  static override readonly retryable = false
}

/** No acknowledgement within the deadline. */
export class PublishTimeoutError extends PublishError {
  static override readonly code = 'PUBLISH_TIMEOUT'
  static override readonly retryable = true
}

/** The caller's `AbortSignal` aborted before the event was acknowledged. */
export class PublishAbortedError extends PublishError {
  static override readonly code = 'PUBLISH_ABORTED'
  static override readonly retryable = true
}

/** The bus, or the producer below it, is closed or closing. */
export class BusClosedError extends PublishError {
  static override readonly code = 'BUS_CLOSED'
  static override readonly retryable = false
}

/**
 * Some events of a `publishMany` could not be published. `results` tells for each, in the order of the call, where it is or why it failed; `outcome`
 * is `not-written` only when that is true of every one that failed.
 */
export class PublishManyError extends PublishError {
  static override readonly code = 'PUBLISH_MANY_FAILED'
  static override readonly retryable = false
  readonly results: readonly PromiseSettledResult<PublishedEvent>[]

  constructor(results: readonly PromiseSettledResult<PublishedEvent>[]) {
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as PublishError] : []))
    const [first] = errors
    super(`${errors.length} of ${results.length} events could not be published; the first: ${first?.message}`, {
      outcome: errors.every((error) => error.outcome === 'not-written') ? 'not-written' : 'unknown',
      cause: first,
    })
    this.results = results
  }
}

/** An attempt that lost its partition or passed its deadline tried to publish or to write to the inbox. Nothing was written. */
export class AttemptFencedError extends PublishError {
  static override readonly code = 'ATTEMPT_FENCED'
  static override readonly retryable = false

  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, outcome: 'not-written' })
  }
}

// Reading

/** The bytes cannot be read as the event they claim to be. Never retried: the same bytes fail the same way. */
export class RecordUndecodableError extends TributaryError {
  static override readonly code = 'RECORD_UNDECODABLE'
  static override readonly retryable = false
}

/** The record names a schema that neither the definitions nor the schema topic know. */
export class SchemaUnknownError extends TributaryError {
  static override readonly code = 'SCHEMA_UNKNOWN'
  static override readonly retryable = false
}

/** The place where schemas are kept cannot be read at present. Records that need a schema from it are held, not given up. */
export class SchemaStoreUnavailableError extends TributaryError {
  static override readonly code = 'SCHEMA_STORE_UNAVAILABLE'
  static override readonly retryable = true
}

// Handling

/** Thrown by a handler: dead-letter this event at once, for the reason given. */
export class Reject extends TributaryError {
  static override readonly code = 'REJECTED'
  static override readonly retryable = false
}

/**
 * Thrown by a handler: try again, not before `afterMs` milliseconds have passed, whatever the backoff says. The failure counts as an attempt like any
 * other: at the last one `afterMs` means nothing, and a wait beyond `maxAgeMs` is not begun, so the record is given up as `too-old` at once.
 */
export class RetryLater extends TributaryError {
  static override readonly code = 'RETRY_LATER'
  static override readonly retryable = true
  readonly afterMs: number

  constructor(options: ErrorOptions & { afterMs: number; message?: string }) {
    super(options.message ?? `asked to be retried after ${options.afterMs} ms`, options)
    this.afterMs = options.afterMs
  }
}

/** What a batch handler returned is not one outcome for each event of its batch: all of them count as failed. */
export class BatchOutcomesInvalidError extends TributaryError {
  static override readonly code = 'BATCH_OUTCOMES_INVALID'
  static override readonly retryable = false
}

/** An attempt took longer than its deadline: its signal was aborted and its result no longer counts. */
export class AttemptTimeoutError extends TributaryError {
  static override readonly code = 'ATTEMPT_TIMEOUT'
  static override readonly retryable = true
}

/** A record can neither be handled nor be written to its dead-letter topic, even without its provenance. */
export class DeadLetterImpossibleError extends TributaryError {
  static override readonly code = 'DEAD_LETTER_IMPOSSIBLE'
  static override readonly retryable = false
}

// Connecting

/** The connection settings can never work with this cluster (TLS, SASL, version): the message names the setting. */
export class ConnectionConfigError extends TributaryError {
  static override readonly code = 'CONNECTION_CONFIG_INVALID'
  static override readonly retryable = false
}

/** The cluster refused the credentials, or what they ask for. */
export class AuthorizationError extends TributaryError {
  static override readonly code = 'NOT_AUTHORIZED'
  static override readonly retryable = false
}

/** The group is served by clients that speak another assignment protocol; they must leave it before this one can join. */
export class GroupProtocolError extends TributaryError {
  static override readonly code = 'GROUP_PROTOCOL_MISMATCH'
  static override readonly retryable = false
}

/** The offsets of a group can be set from outside only while it has no members; static members stay for a session timeout after they have ended. */
export class GroupHasMembersError extends TributaryError {
  static override readonly code = 'GROUP_HAS_MEMBERS'
  static override readonly retryable = true
}

/** The client library below the driver is not the exact version that the driver was built against. */
export class DriverVersionError extends TributaryError {
  static override readonly code = 'DRIVER_VERSION_MISMATCH'
  static override readonly retryable = false
}

/** The cluster could not be reached, or did not answer in time. */
export class ClusterUnavailableError extends TributaryError {
  static override readonly code = 'CLUSTER_UNAVAILABLE'
  static override readonly retryable = true
}
