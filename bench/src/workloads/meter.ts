import process from 'node:process'
import type { Latencies, Measured } from './workload.ts'

type Usage = Pick<Measured, 'elapsedMs' | 'cpuMs' | 'peakRssMiB'>

/** Wall clock, CPU time and memory of this process. CPU time counts from `begin`, so that what a contender does ahead of the clock is not free. */
export class Meter {
  readonly #cpuAtStart = process.cpuUsage()
  #startedAt = performance.now()

  /** Starts the wall clock anew. */
  start(): void {
    this.#startedAt = performance.now()
  }

  read(): Usage {
    const { user, system } = process.cpuUsage(this.#cpuAtStart)
    return {
      elapsedMs: performance.now() - this.#startedAt,
      cpuMs: (user + system) / 1000,
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
    }
  }
}

export function latenciesOf(sortable: Float64Array): Latencies {
  const sorted = sortable.toSorted()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}
