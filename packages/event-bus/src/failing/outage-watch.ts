import type { Failure } from './failure.ts'
import type { ResolvedOutagePolicy } from './outage-policy.ts'
import { isProgrammingError } from './programming-error.ts'

/**
 * What is known, when a record has failed, of others of its type.
 *
 * - `unwatched`: nobody looks.
 * - `permitted`: others were handled while this one failed, and a permit is there.
 * - `short`: the same, but more has been given up lately than was handled.
 * - `unproven`: nothing shows that others can be handled; worth a second look.
 * - `suspect`: nothing shows it, at the second look either.
 * - `probe`: the record ran to find out whether an outage is over.
 * - `overdue`: the same, after it was held for `maxHoldMs`.
 */
export type Standing = 'unwatched' | 'permitted' | 'short' | 'unproven' | 'suspect' | 'probe' | 'overdue'

/** `broken-handler`: nothing but one kind of programming error since the last success. */
export type OutageReason = 'outage' | 'broken-handler'

/** What the watch remembers of a record that has failed, or is held. Moments are the watch's own, see `OutageWatch`. */
export class Trial {
  /** Its latest failure. */
  failedAt: number | null = null
  /** It failed for the last time that it may, and nothing showed whether others can be handled. */
  isDoubted = false
  /** Its latest failure before an outage ended, if it was doubted then: what succeeds after that speaks against the record. */
  doubtedAt: number | null = null
  /** It runs to find out whether the outage is over. */
  isProbe = false
  /** By the monotonic clock: since when it has been held, over all outages; null when it never was. */
  heldSinceMs: number | null = null
  /** The same, for the outage that it is held in now. */
  heldFromMs: number | null = null
  /** The outage after which it was last let go, counted from 1. */
  releasedIn = 0
}

/** Others that must have been handled since any record failed for the first time, so that those that go on failing are taken for poison. */
const WITNESSES = 3

/**
 * Outage or poison, for one event type of one subscription: pure state, moved by what happens. A dead letter for exhausted attempts or age needs
 * evidence that others can be handled, and a permit that a success has left behind.
 *
 * Evidence is a success whose attempt *started* after the record had failed. One that merely ended after it proves nothing: at 0 ms B's attempt writes to
 * the database; at 1 ms the database goes away; at 2 ms A fails for want of it; at 3 ms B, which had only an answer left to format, succeeds; at 4 ms A fails
 * for the last time. Counting by the end of attempts, B would prove that the database was there between A's failures.
 *
 * And it must be recent: a success between the record's last two failures. One since its first failure is too weak: at the edge of an outage A fails,
 * C still succeeds, and everything that A does after that happens in the outage. It counts all the same where the outage would have been seen: when
 * several others succeeded and nothing has failed for the first time since. So a poisoned record that is the last of its burst need not wait for the next.
 *
 * And it must have been there when the attempt started that failed. A's attempt starts in an outage and hangs; the outage ends; B succeeds; A's attempt passes its
 * deadline: B would prove that the dependency was there while A waited for it.
 *
 * Time is counted in moments: one passes with each failure. An attempt that starts notes the present one; it started after a failure exactly when it noted
 * that failure's moment or a later one. Clocks cannot tell this, because thousands of records share a millisecond.
 */
export class OutageWatch {
  readonly policy: ResolvedOutagePolicy
  state: 'closed' | 'open' | 'recovering' = 'closed'
  /** How often an outage was declared. */
  openings = 0
  openedAtMs = 0
  permits = 0
  lastFailure: Failure | null = null
  /** How many failures there were. */
  moment = 0
  /** The latest start of an attempt that succeeded. */
  #provenAt = -1
  #openedAt = 0
  /** The latest failure that was its record's first, and the successes that started after it. */
  #firstFailureAt = 0
  #witnesses = 0
  /** By the monotonic clock; null before the first one. */
  #succeededAtMs: number | null = null
  /** The class that all failures since the last success have in common; null when there were none, or several. */
  #commonClass: string | null = null
  #hasFailedSinceSuccess = false

  constructor(policy: ResolvedOutagePolicy) {
    this.policy = policy
  }

  /** Says why nothing succeeds. */
  get reason(): OutageReason {
    return this.#commonClass === null ? 'outage' : 'broken-handler'
  }

  /** By the monotonic clock; null before the first success. */
  get succeededAtMs(): number | null {
    return this.#succeededAtMs
  }

  /** The latest failure against which there is evidence now; an attempt that starts notes it. */
  get evidenceAt(): number {
    return this.#witnesses >= WITNESSES ? this.moment : this.#provenAt
  }

  /** An attempt that noted `startedAt` when it began was successful. Answers whether that ends an outage. */
  succeeded(startedAt: number, nowMs: number): boolean {
    this.#succeededAtMs = nowMs
    // It may have got what it needed before the outage: it proves nothing about now, and permits nothing.
    if (this.state === 'open' && startedAt < this.#openedAt) return false
    if (this.permits < this.policy.maxPermits) this.permits += 1
    if (startedAt > this.#provenAt) this.#provenAt = startedAt
    if (startedAt >= this.#firstFailureAt) this.#witnesses += 1
    this.#hasFailedSinceSuccess = false
    if (this.state !== 'open') return false
    this.state = 'recovering'
    return true
  }

  /**
   * A record has failed. Answers what is known of others; changes nothing but what it remembers.
   *
   * @param evidenceAt as the attempt noted it when it started
   */
  failed(trial: Trial, failure: Failure, nowMs: number, evidenceAt: number): Standing {
    const before = trial.failedAt
    this.moment += 1
    trial.failedAt = this.moment
    if (before === null) {
      this.#firstFailureAt = this.moment
      this.#witnesses = 0
    }
    this.#note(failure)
    if (trial.isProbe) return this.#isOverdue(trial, nowMs) ? 'overdue' : 'probe'

    const isPermitted = this.permits > 0
    const isProven = before !== null && evidenceAt >= before && this.evidenceAt >= before
    if (isProven) return isPermitted ? 'permitted' : 'short'
    // It was held, the outage ended, and it has failed as often as it may once more.
    if (trial.doubtedAt !== null && this.#provenAt >= trial.doubtedAt && isPermitted) return 'permitted'
    return trial.isDoubted ? 'suspect' : 'unproven'
  }

  takePermit(): void {
    if (this.permits > 0) this.permits -= 1
  }

  /** Nothing shows that anything can be handled: an outage. What was earned before says nothing about after. Answers whether that is news. */
  open(nowMs: number): boolean {
    if (this.state === 'open') return false
    this.state = 'open'
    this.openings += 1
    this.openedAtMs = nowMs
    this.#openedAt = this.moment
    this.permits = 0
    return true
  }

  /** All that was held runs again. */
  close(): void {
    this.state = 'closed'
  }

  #isOverdue({ heldSinceMs }: Trial, nowMs: number): boolean {
    return heldSinceMs !== null && nowMs - heldSinceMs >= this.policy.maxHoldMs
  }

  #note(failure: Failure): void {
    this.lastFailure = failure
    const name = isProgrammingError(failure) ? failure.name : null
    if (!this.#hasFailedSinceSuccess) this.#commonClass = name
    else if (name !== this.#commonClass) this.#commonClass = null
    this.#hasFailedSinceSuccess = true
  }
}
