import type { Clock, Timer } from '../clock.ts'
import type { Attempt } from './attempt.ts'
import type { AttemptLimits } from './subscription-definition.ts'

export interface InFlightOptions {
  readonly clock: Clock
  readonly limits: AttemptLimits
  /** An aborted attempt has not ended in time: whatever waits for it may go on. */
  readonly onAbandoned: (attempt: Attempt) => void
}

/**
 * Attempts whose handler has not ended, and their time (I4). In the order in which they started, which is the order of their deadlines, so that one timer
 * serves them all: a timer for each attempt would cost more than the attempt.
 */
export class InFlight {
  readonly #options: InFlightOptions
  #first: Attempt | null = null
  #last: Attempt | null = null
  #deadlineTimer: Timer | null = null
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
    attempt.previous = this.#last
    if (this.#last === null) this.#first = attempt
    else this.#last.next = attempt
    this.#last = attempt
    if (this.#deadlineTimer === null) this.#armDeadline(attempt)
  }

  /** The handler has ended, in whatever state the attempt was. */
  remove(attempt: Attempt): void {
    if (attempt.isAbandoned) {
      this.#abandoned -= 1
    } else if (attempt.fencedBy !== null) {
      this.#aborted.get(attempt)?.cancel()
      this.#aborted.delete(attempt)
    } else {
      this.#unlink(attempt)
    }
  }

  /** Fences the attempts of one epoch of a partition. */
  fence(owner: Attempt['delivery']['owner']): void {
    for (let attempt = this.#first; attempt !== null; ) {
      const { next } = attempt
      if (attempt.delivery.owner === owner) this.#abort(attempt, 'partition-gone')
      attempt = next
    }
  }

  /** Fenced attempts that have neither ended nor been abandoned: their keys must wait, in a later epoch too. */
  aborted(): Iterable<Attempt> {
    return this.#aborted.keys()
  }

  /** Watches over nothing any more. */
  close(): void {
    this.#deadlineTimer?.cancel()
    for (const timer of this.#aborted.values()) timer.cancel()
  }

  #abort(attempt: Attempt, cause: 'deadline' | 'partition-gone'): void {
    const { clock, limits, onAbandoned } = this.#options
    this.#unlink(attempt)
    const timer = clock.setTimer(() => {
      this.#aborted.delete(attempt)
      attempt.isAbandoned = true
      this.#abandoned += 1
      onAbandoned(attempt)
    }, limits.abandonAfterMs)
    this.#aborted.set(attempt, timer)
    // Last, because listeners of the signal run inside.
    attempt.fence(cause)
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
    const { clock, limits } = this.#options
    return attempt.startedAtMs + limits.deadlineMs - clock.monotonic()
  }
}
