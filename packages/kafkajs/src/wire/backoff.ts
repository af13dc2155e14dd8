/** Waiting times between attempts: doubling, each a random part of its bound, so that many clients do not return at the same moment. */
export class Backoff {
  readonly #initialMs: number
  readonly #maxMs: number
  #boundMs: number

  constructor({ initialMs = 50, maxMs = 1_000 }: { initialMs?: number; maxMs?: number } = {}) {
    this.#initialMs = initialMs
    this.#maxMs = maxMs
    this.#boundMs = initialMs
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const bound = this.#boundMs
    this.#boundMs = Math.min(bound * 2, this.#maxMs)
    return bound / 2 + (Math.random() * bound) / 2
  }

  reset(): void {
    this.#boundMs = this.#initialMs
  }
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

/** A limit that can be called off, so that no timer outlives its purpose. Called off, it counts as reached. */
export function timeLimit(ms: number): { readonly reached: Promise<void>; cancel(): void } {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const cancel = (): void => {
    clearTimeout(timer)
    resolve()
  }
  return { reached, cancel }
}
