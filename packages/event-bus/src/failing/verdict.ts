import { backoffDelayMs } from './backoff.ts'
import type { Failure } from './failure.ts'
import type { ResolvedFailurePolicy } from './failure-policy.ts'

/** Why a record is in a dead-letter topic; written into its `tributary.reason` header. Stable: tools filter by it. */
export type DeadLetterReason =
  | 'rejected'
  | 'undecodable'
  | 'unknown-schema'
  | 'unknown-type'
  | 'attempts-exhausted'
  | 'too-old'

export type Verdict =
  | { readonly kind: 'retry'; readonly afterMs: number }
  /** Tried again without end, and reported: giving up would lose more than waiting. */
  | { readonly kind: 'hold'; readonly afterMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason }

/** Where the failure arose. `look-up`: the record's schema had to be asked for elsewhere. */
export type FailedStep = 'decode' | 'look-up' | 'handle'

export interface FailureHistory {
  readonly step: FailedStep
  /** Attempts that failed so far, this one counted. */
  readonly attempt: number
  /** Milliseconds since the first failure of this record. */
  readonly ageMs: number
}

/**
 * What to do with a record that failed: the only place where that is decided. Pure: the same arguments give the same verdict.
 *
 * @param random a number from 0 to 1 for the backoff's jitter
 */
export function verdictOn(
  failure: Failure,
  history: FailureHistory,
  policy: ResolvedFailurePolicy,
  random: number,
): Verdict {
  // The handler knows best, and says so.
  if (failure.code === 'REJECTED') return { kind: 'dead-letter', reason: 'rejected' }
  // The same bytes fail the same way.
  if (failure.code === 'RECORD_UNDECODABLE') return { kind: 'dead-letter', reason: 'undecodable' }
  if (failure.code === 'SCHEMA_UNKNOWN') return { kind: 'dead-letter', reason: 'unknown-schema' }

  // Whatever else decoding throws is a fault of ours that these bytes bring out, and they always will.
  if (history.step === 'decode') return { kind: 'dead-letter', reason: 'undecodable' }

  const delayMs = failure.afterMs ?? backoffDelayMs(policy.backoff, history.attempt, random)
  // The place where schemas are kept cannot be read: every record of that schema would fail, and none is at fault.
  if (history.step === 'look-up') return { kind: 'hold', afterMs: delayMs }

  if (history.attempt >= policy.attempts) return givenUp('attempts-exhausted', delayMs, policy)
  if (history.ageMs + delayMs > policy.maxAgeMs) return givenUp('too-old', delayMs, policy)
  return { kind: 'retry', afterMs: delayMs }
}

function givenUp(reason: DeadLetterReason, afterMs: number, policy: ResolvedFailurePolicy): Verdict {
  return policy.afterwards === 'hold' ? { kind: 'hold', afterMs } : { kind: 'dead-letter', reason }
}
