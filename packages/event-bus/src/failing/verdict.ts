import { backoffDelayMs } from './backoff.ts'
import type { Treatment } from './classification.ts'
import type { Failure } from './failure.ts'
import type { ResolvedFailurePolicy } from './failure-policy.ts'
import type { Standing } from './outage-watch.ts'
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
  /** One attempt more than the policy has, because nothing shows yet whether others can be handled. */
  | { readonly kind: 'second-look'; readonly afterMs: number }
  /** Nothing of its type can be handled, as far as is known: it waits until something can. */
  | { readonly kind: 'await-recovery' }
  | { readonly kind: 'skip' }
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
  /** What `onFailure.classify` says of the error. */
  readonly treatment: Treatment
  /** What is known of others of its type. */
  readonly standing: Standing
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

  if (history.treatment === 'reject') return { kind: 'dead-letter', reason: 'rejected' }
  if (history.treatment === 'skip') return { kind: 'skip' }

  const delayMs = failure.afterMs ?? backoffDelayMs(policy.backoff, history.attempt, random)
  // The place where schemas are kept cannot be read: every record of that schema would fail, and none is at fault.
  if (history.step === 'look-up' || history.treatment === 'hold') return held(delayMs)
  // It ran to learn about the outage, not about itself.
  if (history.standing === 'probe') return { kind: 'await-recovery' }

  const exhausted = exhaustionOf(failure, history, policy, delayMs)
  if (exhausted === null) {
    return history.standing === 'overdue' ? { kind: 'await-recovery' } : { kind: 'retry', afterMs: delayMs }
  }
  return typeof exhausted === 'string' ? givenUp(exhausted, delayMs, history.standing, policy) : exhausted
}

/** Why there is no further attempt here, or the retry topic that has one; null when there is. */
function exhaustionOf(
  failure: Failure,
  history: FailureHistory,
  policy: ResolvedFailurePolicy,
  delayMs: number,
): DeadLetterReason | Verdict | null {
  if (typeof policy.afterwards === 'object' && isPlaceOver(failure, history, policy, policy.afterwards)) {
    return onward(failure, history, policy, policy.afterwards)
  }
  if (history.attempt >= policy.attempts) return 'attempts-exhausted'
  return history.ageMs + delayMs > policy.maxAgeMs ? 'too-old' : null
}

/** A hold has no last attempt: where the policy waits for nothing between two, it would keep the process busy for ever. In milliseconds. */
const SHORTEST_HOLD_MS = 100

function held(afterMs: number): Verdict {
  return { kind: 'hold', afterMs: Math.max(afterMs, SHORTEST_HOLD_MS) }
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
): DeadLetterReason | Verdict {
  const delayMs = nextDelayMs(delaysMs, waitedMs ?? 0, failure.afterMs)
  if (delayMs === null) return 'attempts-exhausted'
  return ageMs + delayMs > maxAgeMs ? 'too-old' : { kind: 'retry-topic', delayMs }
}

function givenUp(
  reason: DeadLetterReason,
  afterMs: number,
  standing: Standing,
  policy: ResolvedFailurePolicy,
): Verdict {
  if (policy.afterwards === 'hold') return held(afterMs)
  switch (standing) {
    // More is given up than handled. Others can be handled, so only this one waits.
    case 'short':
      return held(afterMs)
    case 'unproven':
      return policy.outage === false
        ? { kind: 'dead-letter', reason }
        : { kind: 'second-look', afterMs: backoffDelayMs(policy.outage.probe, 1, 0) }
    case 'suspect':
      return { kind: 'await-recovery' }
    default:
      return { kind: 'dead-letter', reason }
  }
}

/** Whether a dead letter with this reason uses up a permit: whoever says `Reject`, or sends bytes that nobody can read, is no victim of an outage. */
export function needsPermit(reason: DeadLetterReason): boolean {
  return reason === 'attempts-exhausted' || reason === 'too-old'
}
