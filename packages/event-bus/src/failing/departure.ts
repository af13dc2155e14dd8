import type { Context } from '@opentelemetry/api'
import type { OutgoingRecord, RawRecord } from '../driver.ts'
import { describeFailure, type Failure, failureFrom } from './failure.ts'
import type { RecordHistory } from './record-history.ts'
import type { DeadLetterReason } from './verdict.ts'

/** A record that leaves the partition it was read from, for another topic of its group. */
export type Departure = DeadLetter | DelayedRetry

interface Leaving {
  readonly record: RawRecord
  readonly history: RecordHistory
  /** The source topic that it belongs to, wherever it was read. */
  readonly source: string
  readonly failure: Failure
  /** Over all hops. */
  readonly attempts: number
  /** Milliseconds since the Unix epoch. */
  readonly firstFailedAt: number
  readonly eventId: string | null
  /** Context of its last attempt. */
  readonly context: Context
}

/** A record that is given up, and why. */
export interface DeadLetter extends Leaving {
  readonly kind: 'dead-letter'
  readonly reason: DeadLetterReason
  /** For how long it was held, if `onFailure.outage.maxHoldMs` ended that: milliseconds. */
  readonly heldMs: number | null
}

/** A record that waits in a retry topic for another attempt. */
export interface DelayedRetry extends Leaving {
  readonly kind: 'retry'
  /** In milliseconds. */
  readonly delayMs: number
}

/** What the record looks like in its new topic, made at the moment it is written. The first form that is not refused is taken. */
export type DepartureForm = (now: number) => OutgoingRecord

/**
 * - `written`: all in-sync replicas have it.
 * - `failed`: it could not be written now, and may be later.
 * - `impossible`: the topic refuses it even in its smallest form.
 * - `dropped`: nobody wanted it any more.
 */
export type DepartureOutcome =
  | { readonly kind: 'written' | 'dropped' }
  | { readonly kind: 'failed' | 'impossible'; readonly topic: string; readonly error: unknown }

/** A departure that is not on the log yet. */
export type UnwrittenDeparture = Extract<DepartureOutcome, { error: unknown }>

/** What health and logs say of a departure that is not written. */
export function describeOutcome({ kind }: Departure, outcome: UnwrittenDeparture): string {
  const failure = describeFailure(failureFrom(outcome.error))
  const what = kind === 'dead-letter' ? 'dead letter' : 'retry'
  if (outcome.kind === 'failed')
    return `${what} cannot be written to ${outcome.topic}, which is tried again: ${failure}`
  const verdict = `${outcome.topic} refuses it in every form: ${failure}`
  return kind === 'dead-letter' ? `dead letter DEAD_LETTER_IMPOSSIBLE: ${verdict}` : `retry impossible: ${verdict}`
}
