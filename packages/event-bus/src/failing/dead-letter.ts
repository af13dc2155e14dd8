import type { Context } from '@opentelemetry/api'
import type { Clock } from '../clock.ts'
import type { DriverProducer, OutgoingRecord, RawHeader, RawRecord, TopicPartition } from '../driver.ts'
import { provenanceHeaderNames } from '../events/header-names.ts'
import { deadLetterTopic } from '../topics.ts'
import type { Telemetry } from '../tracing/telemetry.ts'
import { describeFailure, type Failure, failureFrom } from './failure.ts'
import {
  type ErrorDetail,
  type Origin,
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
 * - `dropped`: nobody wanted it any more.
 */
export type DeadLetterOutcome =
  | { readonly kind: 'written' | 'dropped' }
  | { readonly kind: 'failed' | 'impossible'; readonly topic: string; readonly error: unknown }

/** A dead letter that is not on the log yet. */
export type UnwrittenDeadLetter = Extract<DeadLetterOutcome, { error: unknown }>

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
  /** The last write of each partition. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options
  }

  /**
   * Never rejects.
   *
   * @param isWanted asked before anything is sent: a partition that is gone is somebody else's to dead-letter
   */
  async write(letter: DeadLetter, isWanted: () => boolean): Promise<DeadLetterOutcome> {
    const { group, clientId, telemetry } = this.#options
    const { origin, original, redriveCount } = this.#history(letter)
    const topic = deadLetterTopic(origin.topic, group)
    const { eventId, reason, context } = letter
    const span = telemetry.startDeadLetterWrite({ topic, clientId, eventId, reason, context })
    const report = { ...letter, origin, redriveCount, failedAt: this.#options.clock.now() }
    const forms = FORMS.map(({ detail, isPointer }) => () => {
      const headers = provenanceHeaders(report, detail, span.traceparent)
      return outgoing(letter.record, headers, original, isPointer, report.failedAt)
    })
    const outcome = await this.#inTurn(topic, origin.partition, (partition) =>
      isWanted() ? this.#appendFirstThatFits({ topic, partition }, forms) : { kind: 'dropped' },
    ).catch((error: unknown): DeadLetterOutcome => ({ kind: 'failed', topic, error }))
    if ('error' in outcome) span.fail(outcome.error)
    span.end()
    return outcome
  }

  /** Provenance counts only on the group's redrive topic, and only where it names this group; elsewhere it is the record's own business. */
  #history({ record, readFrom }: DeadLetter): History {
    const { group, redriveTopics } = this.#options
    if (redriveTopics.has(readFrom.topic)) {
      const { provenance, original } = splitProvenance(record.headers)
      const origin = originFrom(provenance, group)
      const redriveCount = provenance.get(provenanceHeaderNames.redriveCount) ?? null
      if (origin !== null) return { origin, original, redriveCount }
    }
    return { origin: ownOrigin(record, readFrom, group), original: record.headers, redriveCount: null }
  }

  async #appendFirstThatFits(
    target: TopicPartition,
    forms: readonly (() => OutgoingRecord)[],
  ): Promise<DeadLetterOutcome> {
    let refusal: unknown
    for (const form of forms) {
      try {
        await this.#options.producer.append(target, [form()], { timeoutMs: WRITE_TIMEOUT_MS })
        return { kind: 'written' }
      } catch (error) {
        if (!isAboutTheRecord(error)) throw error
        refusal = error
      }
    }
    return { kind: 'impossible', topic: target.topic, error: refusal }
  }

  /** One write at a time for each partition: when thousands come at once, none of them waits in the driver for longer than its timeout. */
  async #inTurn(
    topic: string,
    originPartition: number,
    write: (partition: number) => DeadLetterOutcome | Promise<DeadLetterOutcome>,
  ): Promise<DeadLetterOutcome> {
    const partition = originPartition % (await this.#options.producer.partitionCount(topic))
    const id = `${topic}/${partition}`
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() => write(partition))
    this.#turns.set(
      id,
      turn.catch(() => {}),
    )
    return turn
  }
}

/** What is known of a record from before this failure. */
interface History {
  readonly origin: Origin
  readonly original: readonly RawHeader[]
  readonly redriveCount: string | null
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
export function describeOutcome(outcome: UnwrittenDeadLetter): string {
  const failure = describeFailure(failureFrom(outcome.error))
  return outcome.kind === 'failed'
    ? `cannot be written to ${outcome.topic}, which is tried again: ${failure}`
    : `DEAD_LETTER_IMPOSSIBLE: ${outcome.topic} refuses it in every form: ${failure}`
}
