import type { Timer } from '../clock.ts'
import type { Delivery } from './delivery.ts'
import type { PartitionRun } from './partition.ts'
import type { TokenBucket } from './attempts/rate-limit.ts'
import type { TurnClock } from './turn-clock.ts'

export interface DispatcherOptions {
  readonly concurrency: number
  readonly slotsTaken: () => number
  /** Answers whether that called a handler. */
  readonly run: (delivery: Delivery) => boolean
  /** Each call of a handler takes a token; null when there is no limit. */
  readonly rate: TokenBucket | null
  readonly clock: TurnClock
}

/** How long synchronous handlers may hold the event loop in one go, in milliseconds: heartbeats and answers have their turn after that. */
const TURN_MS = 10

/**
 * Hands out slots. A free slot goes to the next partition in turn that has something to run and holds less than its share of the slots. Only when there is
 * none it is lent to one that has its share already, and only as far as that has shown that it gives slots back: each attempt that ends by itself lets it hold
 * one more than it held then. So one whose handlers hang from the start never has more than its share, even while others have nothing to run yet; and one
 * that is alone with its work has all slots after as many handlers, one after the other, as its share must be doubled to reach `concurrency` (I7).
 *
 * What is lent cannot be taken back. A partition that flowed, borrowed all slots while others were idle, and then hangs, keeps them until deadlines pass; those
 * end its loan.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #partitions: PartitionRun[] = []
  #turn = 0
  #isRunning = false
  #isYielding = false
  #isPaused = false
  /** Waits for a token that something could use; at no other time is there a timer. */
  #tokenTimer: Timer | null = null

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Nothing starts while it is true. */
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused
    this.#forgetToken()
  }

  add(partition: PartitionRun): void {
    this.#partitions.push(partition)
  }

  remove(partition: PartitionRun): void {
    const index = this.#partitions.indexOf(partition)
    if (index !== -1) this.#partitions.splice(index, 1)
  }

  /** Runs what may run. Called whenever that may have changed; does nothing when called from within. */
  dispatch(): void {
    if (this.#isRunning || this.#isYielding) return
    this.#isRunning = true
    try {
      this.#fillSlots()
    } finally {
      this.#isRunning = false
    }
  }

  #fillSlots(): void {
    const { concurrency, slotsTaken, run, rate, clock } = this.#options
    const startedAtMs = clock.monotonic()
    while (!this.#isPaused && slotsTaken() < concurrency) {
      const partition = this.#next()
      if (partition === null) return
      if (rate !== null && rate.waitMs > 0) {
        this.#awaitToken(rate)
        return
      }
      const delivery = partition.ready.shift()
      if (delivery === undefined) return
      rate?.take()
      // A token is for a call of a handler: what is only decoded, skipped or written to a dead-letter topic needs none.
      const isCalled = run(delivery)
      if (!isCalled) rate?.giveBack()
      // Whoever has called a handler has read the clock.
      if ((isCalled ? clock.latestMs : clock.monotonic()) - startedAtMs >= TURN_MS) {
        this.#isYielding = true
        setImmediate(() => {
          this.#isYielding = false
          this.dispatch()
        })
        return
      }
    }
  }

  #awaitToken(rate: TokenBucket): void {
    this.#tokenTimer ??= this.#options.clock.setTimer(() => {
      this.#tokenTimer = null
      this.dispatch()
    }, rate.waitMs)
  }

  #forgetToken(): void {
    this.#tokenTimer?.cancel()
    this.#tokenTimer = null
  }

  #next(): PartitionRun | null {
    const partitions = this.#partitions
    // Rounded down: what all of them hold by right is never more than there is.
    const share = Math.max(1, Math.floor(this.#options.concurrency / partitions.length))
    let borrower: PartitionRun | null = null
    let borrowersTurn = this.#turn
    for (let step = 0; step < partitions.length; step += 1) {
      this.#turn = this.#turn + 1 < partitions.length ? this.#turn + 1 : 0
      const partition = partitions[this.#turn]
      if (partition === undefined || !partition.offersWork()) continue
      if (partition.attempts < share) return partition
      if (borrower !== null || partition.attempts >= partition.allowance) continue
      borrower = partition
      borrowersTurn = this.#turn
    }
    this.#turn = borrowersTurn
    return borrower
  }
}
