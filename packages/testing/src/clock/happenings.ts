import { type Clock, systemClock } from '@tributary/event-bus'

export interface WaitOptions {
  /** How long to wait, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs?: number
}

interface Waiter {
  readonly check: () => void
}

const DEFAULT_TIMEOUT_MS = 10_000

/** What has happened so far, in order, and who waits for more: a fact that is already there is found as well as one still to come. */
export class Happenings<T> {
  readonly #seen: T[] = []
  readonly #waiters = new Set<Waiter>()
  readonly #describe: (happening: T) => string
  readonly #clock: Clock

  constructor(describe: (happening: T) => string, clock: Clock = systemClock) {
    this.#describe = describe
    this.#clock = clock
  }

  get seen(): readonly T[] {
    return this.#seen
  }

  add(happening: T): void {
    this.#seen.push(happening)
    for (const { check } of this.#waiters) check()
  }

  /** Resolves with what `find` returns, once that is not undefined; rejects with the story so far when the time is over. */
  async waitFor<R>(what: string, find: (seen: readonly T[]) => R | undefined, options: WaitOptions = {}): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const check = (): void => {
      try {
        const found = find(this.#seen)
        if (found !== undefined) resolve(found)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const waiter = { check }
    this.#waiters.add(waiter)
    const timer = this.#clock.setTimer(
      () => reject(new Error(`${what} did not happen within ${timeoutMs} ms. ${this.story()}`)),
      timeoutMs,
    )
    check()
    try {
      return await promise
    } finally {
      this.#waiters.delete(waiter)
      timer.cancel()
    }
  }

  story(): string {
    if (this.#seen.length === 0) return 'Nothing happened so far.'
    return `Seen so far:\n${this.#seen.map((happening) => `  ${this.#describe(happening)}`).join('\n')}`
  }
}
