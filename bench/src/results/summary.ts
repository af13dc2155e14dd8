/** Medians over the rounds of one contender at one workload. */
import { BASELINE } from '../contenders/registry.ts'
import type { Workload } from '../workloads/workload.ts'
import { faultsOf, type Result } from './result.ts'

export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export interface Summary {
  readonly workload: string
  readonly contender: string
  /** Records a second, seconds for all records, or milliseconds, as the workload is read. */
  readonly value: Spread
  /** 99th percentile in milliseconds, where single records are timed. */
  readonly p99: Spread | null
  /** To raw kafkajs in the same round, as a rate: above 1 is faster. Null for rounds without it. */
  readonly ratio: Spread | null
  /** Microseconds of CPU time a record. */
  readonly cpuMicros: Spread
  readonly peakMiB: Spread
  readonly rounds: number
  /** Whether records were looked at one by one: not where only a rate is counted. */
  readonly isVerified: boolean
  readonly faults: readonly string[]
  readonly errors: readonly string[]
}

export function summarise(workload: Workload, contender: string, results: readonly Result[]): Summary | null {
  const own = results.filter((result) => result.workload === workload.id && result.contender === contender)
  if (own.length === 0) return null
  const measured = own.flatMap(({ measured, round }) => (measured === undefined ? [] : [{ ...measured, round }]))
  const ratios = own.flatMap((result) => {
    const raw = results.find(
      ({ workload: id, contender: name, round }) => id === workload.id && name === BASELINE && round === result.round,
    )
    const [value, rawValue] = [readingOf(workload, result), raw === undefined ? null : readingOf(workload, raw)]
    if (value === null || rawValue === null) return []
    return [workload.reading === 'rate' ? value / rawValue : rawValue / value]
  })
  return {
    workload: workload.id,
    contender,
    value: spreadOf(own.flatMap((result) => readingOf(workload, result) ?? [])),
    p99: workload.reading === 'latency' ? spreadOf(measured.map(({ latencyMs }) => latencyMs?.p99 ?? 0)) : null,
    ratio: ratios.length === 0 ? null : spreadOf(ratios),
    cpuMicros: spreadOf(measured.map(({ cpuMs, records }) => (cpuMs * 1000) / records)),
    peakMiB: spreadOf(measured.map(({ peakRssMiB }) => peakRssMiB)),
    rounds: own.length,
    isVerified: measured.some(({ handled, onLog }) => (handled ?? onLog) !== undefined),
    faults: [...new Set(own.flatMap(faultsOf))],
    errors: own.flatMap(({ error }) => error ?? []),
  }
}

/** A run that was stopped early is read as if it had gone on at its pace. */
function readingOf(workload: Workload, { measured }: Result): number | null {
  if (measured === undefined) return null
  const perSecond = (measured.records / measured.elapsedMs) * 1000
  if (workload.reading === 'rate') return perSecond / (workload.countedShare ?? 1)
  if (workload.reading === 'time') return workload.keys.length / perSecond
  return measured.latencyMs?.p50 ?? null
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
  return { median, lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN }
}
