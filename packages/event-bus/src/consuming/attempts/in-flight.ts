import type { Clock, Timer } from '../../clock.ts'
import type { Attempt, FenceCause } from './attempt.ts'
import type { PartitionRun } from '../partition.ts'
import type { AttemptLimits } from '../definition/subscription-definition.ts'

export interface InFlightOptions {
  readonly clock: Clock
  readonly limits: AttemptLimits
  /** An aborted attempt has not ended in time: whatever waits for it may go on. */
  readonly onAbandoned: (attempt: Attempt) => void
}

/**
 * Attempts whose handler has not ended, and their time (I4). They stand in line in the order in which they started, which is the order of their deadlines, so
 * that one timer serves them all: a timer for each attempt would cost more than the attempt. Only those that asked for more time have one of their own.
 */
export class InFlight {
  readonly #options: InFlightOptions
  #first: Attempt | null = null
  #last: Attempt | null = null
  #deadlineTimer: Timer | null = null
  /** Those whose deadline was moved out of the order of the line. */
  readonly #extended = new Map<Attempt, Timer>()
  /** Fenced, and not ended yet. */
  readonly #aborted = new Map<Attempt, Timer>()
  #abandoned = 0

  constructor(options: InFlightOptions) {
    this.#options = options
  }

  /** Attempts given up whose handler still runs. */
  get abandoned(): number {
    return this.#abandoned
  }

  add(attempt: Attempt): void {
    // It may have asked for more time before it returned its promise.
    if (attempt.deadlineAtMs !== attempt.startedAtMs + this.#options.limits.deadlineMs) {
      this.#watchAlone(attempt)
      return
    }
    attempt.watchedIn = 'line'
    attempt.previous = this.#last
    if (this.#last === null) this.#first = attempt
    else this.#last.next = attempt
    this.#last = attempt
    if (this.#deadlineTimer === null) this.#armDeadline(attempt)
  }

  /** Moves the deadline to `ms` from now, unless it is later already. */
  extend(attempt: Attempt, ms: number): void {
    const deadlineAtMs = this.#options.clock.monotonic() + ms
    if (deadlineAtMs <= attempt.deadlineAtMs) return
    attempt.deadlineAtMs = deadlineAtMs
    // Whoever has a timer of its own keeps it: it finds the time that is left when it wakes.
    if (attempt.watchedIn !== 'line') return
    this.#unlink(attempt)
    this.#watchAlone(attempt)
  }

  /** The handler has ended, in whatever state the attempt was. */
  remove(attempt: Attempt): void {
    if (attempt.isAbandoned) this.#abandoned -= 1
    this.#forget(attempt)
  }

  /** Fences the attempts of one epoch of a partition. */
  fence(owner: PartitionRun): void {
    // Gathered first: listeners of a signal run while it aborts, and may ask for more time for another attempt.
    const fenced: Attempt[] = []
    for (let attempt = this.#first; attempt !== null; attempt = attempt.next) fenced.push(attempt)
    for (const attempt of [...fenced, ...this.#extended.keys()]) {
      if (attempt.owner === owner) this.#abort(attempt, 'partition-gone')
    }
  }

  /** Fenced attempts that have neither ended nor been abandoned: their keys must wait, in a later epoch too. */
  aborted(): Iterable<Attempt> {
    return this.#aborted.keys()
  }

  /** All whose handler has not ended, but the abandoned. Takes as long as there are. */
  *attempts(): Iterable<Attempt> {
    for (let attempt = this.#first; attempt !== null; attempt = attempt.next) yield attempt
    yield* this.#extended.keys()
    yield* this.#aborted.keys()
  }

  /** Watches over nothing any more. */
  close(): void {
    this.#deadlineTimer?.cancel()
    for (const timers of [this.#extended, this.#aborted]) for (const timer of timers.values()) timer.cancel()
  }

  #abort(attempt: Attempt, cause: FenceCause): void {
    const { clock, limits, onAbandoned } = this.#options
    this.#forget(attempt)
    const timer = clock.setTimer(() => {
      this.#forget(attempt)
      attempt.isAbandoned = true
      this.#abandoned += 1
      onAbandoned(attempt)
    }, limits.abandonAfterMs)
    attempt.watchedIn = 'aborted'
    this.#aborted.set(attempt, timer)
    // Last, because listeners of the signal run inside.
    attempt.fence(cause)
  }

  #forget(attempt: Attempt): void {
    const { watchedIn } = attempt
    attempt.watchedIn = 'nothing'
    if (watchedIn === 'line') {
      this.#unlink(attempt)
    } else if (watchedIn !== 'nothing') {
      const timers = watchedIn === 'extended' ? this.#extended : this.#aborted
      timers.get(attempt)?.cancel()
      timers.delete(attempt)
    }
  }

  #watchAlone(attempt: Attempt): void {
    attempt.watchedIn = 'extended'
    const wake = (): void => {
      if (this.#leftMs(attempt) <= 0) this.#abort(attempt, 'deadline')
      else this.#watchAlone(attempt)
    }
    this.#extended.set(attempt, this.#options.clock.setTimer(wake, this.#leftMs(attempt)))
  }

  #unlink(attempt: Attempt): void {
    if (attempt.previous === null) this.#first = attempt.next
    else attempt.previous.next = attempt.next
    if (attempt.next === null) this.#last = attempt.previous
    else attempt.next.previous = attempt.previous
    attempt.previous = null
    attempt.next = null
  }

  /** The timer is left alone when its attempt ends: it wakes once for nothing, and finds whose deadline is next. */
  #armDeadline(attempt: Attempt): void {
    this.#deadlineTimer = this.#options.clock.setTimer(() => this.#passDeadlines(), this.#leftMs(attempt))
  }

  #passDeadlines(): void {
    this.#deadlineTimer = null
    while (this.#first !== null && this.#leftMs(this.#first) <= 0) this.#abort(this.#first, 'deadline')
    if (this.#first !== null && this.#deadlineTimer === null) this.#armDeadline(this.#first)
  }

  // One expression for arming and for asking: two that round differently would arm a timer of 0 ms again and again.
  #leftMs(attempt: Attempt): number {
    return attempt.deadlineAtMs - this.#options.clock.monotonic()
  }
}
