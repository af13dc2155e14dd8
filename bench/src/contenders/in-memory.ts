/** No Kafka at all: the same handlers over an array, in order by key. What Node's own timers and promises leave to be had. */
import { orderOf } from '../orders/order.ts'
import { consumeAll } from '../workloads/consuming.ts'
import type { Contender, OrderHandler } from './contender.ts'

export const inMemory: Contender = {
  form: 'events',
  worksAt: ['waits', 'skew'],
  consumeElsewhere: (job, plan) => {
    const consume = (_: unknown, handle: OrderHandler) => {
      const loop = new KeyedLoop(plan.keys, plan.concurrency, handle)
      loop.start()
      return Promise.resolve({ close: () => Promise.resolve(loop.stop()) })
    }
    return consumeAll({ form: 'events', worksAt: [], consume }, job, plan)
  },
}

/** One order of a key at a time, and no more than `concurrency` of all. */
class KeyedLoop {
  readonly #keys: Int32Array
  readonly #handle: OrderHandler
  /** Those of a key that wait for the one before them. */
  readonly #waiting = new Map<number, number[]>()
  /** Those whose turn has come: before any that were not looked at yet. */
  readonly #ready: number[] = []
  #next = 0
  #free: number
  #isStopped = false

  constructor(keys: Int32Array, concurrency: number, handle: OrderHandler) {
    this.#keys = keys
    this.#free = concurrency
    this.#handle = handle
  }

  start(): void {
    while (this.#free > 0 && !this.#isStopped) {
      const sequence = this.#ready.pop() ?? this.#firstOfItsKey()
      if (sequence === null) return
      this.#free -= 1
      void this.#run(sequence)
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  async #run(sequence: number): Promise<void> {
    const key = this.#keyOf(sequence)
    await this.#handle(sequence, orderOf(sequence, key))
    this.#free += 1
    const follower = this.#waiting.get(key)?.shift()
    if (follower === undefined) this.#waiting.delete(key)
    else this.#ready.push(follower)
    this.start()
  }

  #firstOfItsKey(): number | null {
    while (this.#next < this.#keys.length) {
      const sequence = this.#next
      this.#next += 1
      const waiting = this.#waiting.get(this.#keyOf(sequence))
      if (waiting !== undefined) {
        waiting.push(sequence)
        continue
      }
      this.#waiting.set(this.#keyOf(sequence), [])
      return sequence
    }
    return null
  }

  #keyOf(sequence: number): number {
    return this.#keys[sequence] ?? 0
  }
}
