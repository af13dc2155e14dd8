import { backoffDelayMs } from './backoff.ts'
import type { Failure } from './failure.ts'
import type { ResolvedFailurePolicy } from './failure-policy.ts'
import { nextDelayMs, type RetryTopics } from './retry-topics.ts'

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
  /** Tried again from the retry topic of this delay; its key goes on without it. */
  | { readonly kind: 'retry-topic'; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason }

/** Where the failure arose. `look-up`: the record's schema had to be asked for elsewhere. */
export type FailedStep = 'decode' | 'look-up' | 'handle'

export interface FailureHistory {
  readonly step: FailedStep
  /** Attempts that failed so far in the topic that it was read from, this one counted. */
  readonly attempt: number
  /** Milliseconds since the first failure of this record, in whichever topic that was. */
  readonly ageMs: number
  /** The delay of the retry topic that it was read from, in milliseconds; null when it was read from another topic. */
  readonly waitedMs: number | null
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

  if (typeof policy.afterwards === 'object' && isPlaceOver(failure, history, policy, policy.afterwards)) {
    return onward(failure, history, policy, policy.afterwards)
  }
  if (history.attempt >= policy.attempts) return givenUp('attempts-exhausted', delayMs, policy)
  if (history.ageMs + delayMs > policy.maxAgeMs) return givenUp('too-old', delayMs, policy)
  return { kind: 'retry', afterMs: delayMs }
}

/** In place as often as the policy says, in a retry topic once. A handler that asks for a wait as long as a delay would hold its key for it in vain. */
function isPlaceOver(
  failure: Failure,
  { attempt, waitedMs }: FailureHistory,
  { attempts }: ResolvedFailurePolicy,
  { delaysMs }: RetryTopics,
): boolean {
  const [shortestMs = 0] = delaysMs
  return waitedMs !== null || attempt >= attempts || (failure.afterMs !== null && failure.afterMs >= shortestMs)
}

function onward(
  failure: Failure,
  { ageMs, waitedMs }: FailureHistory,
  { maxAgeMs }: ResolvedFailurePolicy,
  { delaysMs }: RetryTopics,
): Verdict {
  const delayMs = nextDelayMs(delaysMs, waitedMs ?? 0, failure.afterMs)
  if (delayMs === null) return { kind: 'dead-letter', reason: 'attempts-exhausted' }
  if (ageMs + delayMs > maxAgeMs) return { kind: 'dead-letter', reason: 'too-old' }
  return { kind: 'retry-topic', delayMs }
}

function givenUp(reason: DeadLetterReason, afterMs: number, policy: ResolvedFailurePolicy): Verdict {
  return policy.afterwards === 'hold' ? { kind: 'hold', afterMs } : { kind: 'dead-letter', reason }
}
