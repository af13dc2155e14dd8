import type { Delivery } from './delivery.ts'
import type { PartitionRun } from './partition.ts'

export interface DispatcherOptions {
  readonly concurrency: number
  readonly slotsTaken: () => number
  readonly run: (delivery: Delivery) => void
  /** Milliseconds, for how long the event loop has been held. */
  readonly monotonic: () => number
}

/** How long synchronous handlers may hold the event loop in one go, in milliseconds: heartbeats and answers have their turn after that. */
const TURN_MS = 10

/**
 * Hands out slots. A free slot goes to the next partition in turn that has something to run and holds no more than its share of the slots; only when there is
 * none, to one that holds more. So a partition whose handlers hang keeps at most its share while others have work, and may have all while they have
 * none (I7).
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #partitions: PartitionRun[] = []
  #turn = 0
  #isRunning = false
  #isYielding = false
  isPaused = false

  constructor(options: DispatcherOptions) {
    this.#options = options
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
    const { concurrency, slotsTaken, run, monotonic } = this.#options
    const startedAtMs = monotonic()
    while (!this.isPaused && slotsTaken() < concurrency) {
      const delivery = this.#next()?.ready.shift()
      if (delivery === undefined) return
      run(delivery)
      if (monotonic() - startedAtMs >= TURN_MS) {
        this.#isYielding = true
        setImmediate(() => {
          this.#isYielding = false
          this.dispatch()
        })
        return
      }
    }
  }

  #next(): PartitionRun | null {
    const partitions = this.#partitions
    const share = Math.ceil(this.#options.concurrency / partitions.length)
    let greedy: PartitionRun | null = null
    for (let step = 0; step < partitions.length; step += 1) {
      this.#turn = this.#turn + 1 < partitions.length ? this.#turn + 1 : 0
      const partition = partitions[this.#turn]
      if (partition === undefined || partition.ready.size === 0) continue
      if (partition.attempts < share) return partition
      greedy ??= partition
    }
    return greedy
  }
}
