import type { Contender, Work } from '../contenders/contender.ts'
import type { Verdict } from '../orders/ledger.ts'

/** `smoke` proves that everything runs, `quick` gives a first look, `full` is what the documentation shows. */
export type Size = 'smoke' | 'quick' | 'full'

/** One contender at one workload, once. Travels to the contender's process as JSON. */
export interface Job {
  readonly workload: string
  readonly contender: string
  readonly size: Size
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
}

export interface Latencies {
  readonly p50: number
  readonly p99: number
}

export interface Measured {
  /** Records while the clock ran. */
  readonly records: number
  readonly elapsedMs: number
  /** CPU time of the contender's process while the clock ran, all threads. */
  readonly cpuMs: number
  /** Of the process, from its start. */
  readonly peakRssMiB: number
  /** Where single records are timed. */
  readonly latencyMs?: Latencies
  /** What was handled, where the contender consumes. */
  readonly handled?: Verdict
  /** How many orders are on the log afterwards, where it publishes: those of the warm-up first. */
  readonly published?: number
  /** It was stopped before everything was handled: the rate is that of the part. */
  readonly isCapped?: boolean
}

/** How a figure of a workload is read: as records a second, as time for all of them, or as the median latency. */
export type Reading = 'rate' | 'time' | 'latency'

export interface Workload {
  readonly id: string
  readonly title: string
  /** Who takes part: contenders that work at this. */
  readonly work: Work
  readonly reading: Reading
  readonly partitions: number
  /** Key index by sequence: as many as there are records; where they are published, also for those of the warm-up. */
  readonly keys: Int32Array
  /** `filled`: the parent has put all records on the topic. `empty`: a new topic for each run. */
  readonly topic: 'filled' | 'empty'
  /** What no engine can beat with this workload's handlers and order, in milliseconds. */
  readonly floorMs?: number
  /** Where some records are in trouble on purpose: the share of the others, which alone are counted. @defaultValue 1 */
  readonly countedShare?: number
  /** In the contender's process. */
  run(contender: Contender, job: Job): Promise<Measured>
}
