import { setTimeout as sleep } from 'node:timers/promises'

/** Handlers of one event at a time for each key, over all members; and in which order they ended. */
export class KeyWatch {
  readonly #running = new Set<string>()
  readonly ended = new Map<string, number[]>()
  overlaps = 0

  async run(key: string, n: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#running.has(key)) this.overlaps += 1
    this.#running.add(key)
    try {
      await sleep(ms, undefined, { signal })
      this.ended.set(key, [...(this.ended.get(key) ?? []), n])
    } finally {
      this.#running.delete(key)
    }
  }

  /** Keys whose events came to their first end in another order than on the log. */
  get keysOutOfOrder(): string[] {
    return [...this.ended].flatMap(([key, ns]) => (isAscending([...new Set(ns)]) ? [] : [key]))
  }
}

function isAscending(ns: readonly number[]): boolean {
  return ns.every((n, index) => index === 0 || n > (ns[index - 1] ?? 0))
}
