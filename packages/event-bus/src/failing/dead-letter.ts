import type { Context } from '@opentelemetry/api'
import type { Clock } from '../clock.ts'
import type { DriverProducer, OutgoingRecord, RawHeader, RawRecord, TopicPartition } from '../driver.ts'
import { provenanceHeaderNames } from '../events/header-names.ts'
import { deadLetterTopic } from '../topics.ts'
import type { Telemetry } from '../tracing/telemetry.ts'
import { describeFailure, type Failure, failureFrom } from './failure.ts'
import {
  type ErrorDetail,
  type FailureReport,
  originFrom,
  ownOrigin,
  provenanceHeaders,
  splitProvenance,
} from './provenance.ts'
import type { DeadLetterReason } from './verdict.ts'

/** A record that is given up, and why. */
export interface DeadLetter {
  readonly record: RawRecord
  /** Where it was read: a source topic, or the group's redrive topic. */
  readonly readFrom: TopicPartition
  readonly reason: DeadLetterReason
  readonly failure: Failure
  readonly attempts: number
  /** Milliseconds since the Unix epoch. */
  readonly firstFailedAt: number
  readonly eventId: string | null
  /** Context of its last attempt. */
  readonly context: Context
}

/**
 * - `written`: all in-sync replicas have it.
 * - `failed`: it could not be written now, and may be later.
 * - `impossible`: the topic refuses it even in its smallest form.
 */
export type DeadLetterOutcome =
  | { readonly kind: 'written' }
  | { readonly kind: 'failed' | 'impossible'; readonly topic: string; readonly error: unknown }

export interface DeadLetterWriterOptions {
  readonly producer: DriverProducer
  readonly group: string
  readonly clientId: string
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'startDeadLetterWrite'>
  /** Topics whose records were redriven: their provenance is the group's own. */
  readonly redriveTopics: ReadonlySet<string>
}

/** What the record looks like, from all of it to what still says where it lies. */
const FORMS: readonly { readonly detail: ErrorDetail; readonly isPointer: boolean }[] = [
  { detail: 'stack', isPointer: false },
  { detail: 'message', isPointer: false },
  { detail: 'none', isPointer: false },
  { detail: 'none', isPointer: true },
]

/** A pointer's key still groups it with its like; a key beyond this, in bytes, may be what made the record too large. */
const MAX_POINTER_KEY_BYTES = 1_024

const WRITE_TIMEOUT_MS = 30_000

/**
 * Writes dead letters. It answers only when the write is acknowledged or has failed; that the source record is settled only after `written` is up to
 * the caller (I3). A write whose answer was lost is repeated, so a dead letter may be there twice, never not at all.
 */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async write(letter: DeadLetter): Promise<DeadLetterOutcome> {
    const { producer, group, clientId, clock, telemetry, redriveTopics } = this.#options
    const isRedriven = redriveTopics.has(letter.readFrom.topic)
    const { provenance, original } = isRedriven
      ? splitProvenance(letter.record.headers)
      : { provenance: new Map<string, string>(), original: letter.record.headers }
    const origin = originFrom(provenance, group) ?? ownOrigin(letter.record, letter.readFrom, group)
    const report: FailureReport = {
      origin,
      reason: letter.reason,
      failure: letter.failure,
      attempts: letter.attempts,
      firstFailedAt: letter.firstFailedAt,
      failedAt: clock.now(),
      redriveCount: provenance.get(provenanceHeaderNames.redriveCount) ?? null,
    }
    const topic = deadLetterTopic(origin.topic, group)
    const span = telemetry.startDeadLetterWrite({
      topic,
      clientId,
      eventId: letter.eventId,
      reason: letter.reason,
      context: letter.context,
    })
    let refusal: unknown
    try {
      const partition = origin.partition % (await producer.partitionCount(topic))
      for (const form of FORMS) {
        const headers = provenanceHeaders(report, form.detail, span.traceparent)
        const record = outgoing(letter.record, headers, original, form.isPointer, clock.now())
        try {
          await producer.append({ topic, partition }, [record], { timeoutMs: WRITE_TIMEOUT_MS })
          return { kind: 'written' }
        } catch (error) {
          if (!isAboutTheRecord(error)) throw error
          refusal = error
        }
      }
      span.fail(refusal)
      return { kind: 'impossible', topic, error: refusal }
    } catch (error) {
      span.fail(error)
      return { kind: 'failed', topic, error }
    } finally {
      span.end()
    }
  }
}

/** Whether less of the record may be accepted where all of it was refused. Everything else may pass with time, or when somebody acts. */
function isAboutTheRecord(error: unknown): boolean {
  const { code } = failureFrom(error)
  return code === 'RECORD_TOO_LARGE' || code === 'WRITE_REFUSED'
}

/** A pointer has only what says where the record lies: it can be read there as long as that topic keeps it. */
function outgoing(
  { key, value }: RawRecord,
  provenance: readonly RawHeader[],
  original: readonly RawHeader[],
  isPointer: boolean,
  timestamp: number,
): OutgoingRecord {
  if (!isPointer) return { key, value, headers: [...provenance, ...original], timestamp }
  const isKeySmall = key === null || key.length <= MAX_POINTER_KEY_BYTES
  return { key: isKeySmall ? key : null, value: null, headers: provenance, timestamp }
}

/** What health and logs say of a dead letter that is not written. */
export function describeOutcome(outcome: Exclude<DeadLetterOutcome, { kind: 'written' }>): string {
  const failure = describeFailure(failureFrom(outcome.error))
  return outcome.kind === 'failed'
    ? `cannot be written to ${outcome.topic}, which is tried again: ${failure}`
    : `DEAD_LETTER_IMPOSSIBLE: ${outcome.topic} refuses it in every form: ${failure}`
}
