import {
  PublishError,
  type PublishOutcome,
  PublishTimeoutError,
  RecordTooLargeError,
  WriteRefusedError,
} from '@tributary/event-bus'
import { BrokerError, code, isRetriable, publicError } from '../wire/failures.ts'

/** What the answer to one attempt means for its batch. */
export type AttemptVerdict = 'written' | 'try-again' | 'sequence-lost' | 'refused'

/**
 * Checked before anything is appended: with one of these the attempt has certainly not reached the log. "Not leader" is not among them, because a
 * leader that is replaced while it waits for its followers says so after it has appended; nor is any error of the broker itself.
 */
const certainlyRefused: ReadonlySet<number> = new Set([
  2, // CORRUPT_MESSAGE
  code.messageTooLarge,
  17, // INVALID_TOPIC_EXCEPTION
  code.recordListTooLarge,
  19, // NOT_ENOUGH_REPLICAS
  21, // INVALID_REQUIRED_ACKS
  code.topicAuthorizationFailed,
  code.clusterAuthorizationFailed,
  32, // INVALID_TIMESTAMP
  35, // UNSUPPORTED_VERSION
  42, // INVALID_REQUEST
  43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44, // POLICY_VIOLATION
  code.outOfOrderSequenceNumber,
  code.invalidProducerEpoch,
  code.transactionalIdAuthorizationFailed,
  code.unknownProducerId,
  76, // UNSUPPORTED_COMPRESSION_TYPE
  87, // INVALID_RECORD
])

/** The broker does not know the sequence that the batch continues. */
const sequenceLost: ReadonlySet<number> = new Set([
  code.outOfOrderSequenceNumber,
  code.unknownProducerId,
  code.invalidProducerEpoch,
])

/**
 * A repetition that the broker still remembers is answered like the original, with its offset; one that lies further back with "duplicate", and then
 * nobody knows the offset (-1). Either way the batch is on the log.
 */
export function verdictOf(kafkaCode: number): AttemptVerdict {
  if (kafkaCode === code.none || kafkaCode === code.duplicateSequenceNumber) return 'written'
  if (sequenceLost.has(kafkaCode)) return 'sequence-lost'
  return isRetriable(new BrokerError(kafkaCode, '')) ? 'try-again' : 'refused'
}

/** Whether an answer with this code leaves open if the batch is, or will be, on the log. */
export function leavesOpen(kafkaCode: number): boolean {
  return !certainlyRefused.has(kafkaCode)
}

/** The error for a batch that will not be tried again. */
export function refusal(where: string, error: Error, outcome: PublishOutcome): PublishError {
  const options = { cause: error, outcome }
  if (
    error instanceof BrokerError &&
    (error.kafkaCode === code.messageTooLarge || error.kafkaCode === code.recordListTooLarge)
  ) {
    return new RecordTooLargeError(
      `${where}: the batch is larger than the topic's \`max.message.bytes\`: send fewer or smaller records, or raise the limit`,
      options,
    )
  }
  return new WriteRefusedError(`${where}: ${publicError(error).message}`, { ...options, cause: publicError(error) })
}

/** The error for a batch whose time is over. */
export function lateness(
  where: string,
  timeoutMs: number,
  lastError: Error | null,
  outcome: PublishOutcome,
): PublishError {
  const isMissing = lastError instanceof BrokerError && lastError.kafkaCode === code.unknownTopicOrPartition
  if (isMissing && outcome === 'not-written') {
    const error = publicError(lastError)
    if (error instanceof PublishError) return error
  }
  const known = outcome === 'unknown' ? 'it may be on the log' : 'it is not on the log'
  const why = lastError === null ? '' : `; the last attempt: ${lastError.message}`
  return new PublishTimeoutError(`${where}: no acknowledgement within ${timeoutMs} ms, and ${known}${why}`, {
    outcome,
    cause: lastError ?? undefined,
  })
}
