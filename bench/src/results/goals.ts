/** What Tributary, with everything on, is held against. */
import type { Workload } from '../workloads/workload.ts'
import type { Summary } from './summary.ts'

/** The summary of a contender, Tributary's own by default, at a workload. */
export type Look = (workload: string, contender?: string) => Summary | null

export interface Goal {
  readonly workload: string
  readonly says: string
  readonly limit: number
  readonly isUpper: boolean
  /** Null where the run does not have it. */
  measure(look: Look): number | null
}

export function goals(workloads: readonly Workload[]): readonly Goal[] {
  const floorOf = (id: string): number => (workloads.find((each) => each.id === id)?.floorMs ?? Number.NaN) / 1000
  const ratio = (id: string, contender?: string) => (look: Look) => look(id, contender)?.ratio?.median ?? null
  const cpu = (id: string) => (look: Look) => look(id)?.cpuMicros.median ?? null
  const tracing = (id: string) => (look: Look) =>
    minus(look(id, 'tributary-sampled-100')?.cpuMicros.median, look(id)?.cpuMicros.median)
  const overFloor = (id: string) => (look: Look) => over(look(id)?.value.median, floorOf(id))
  const ofFloor = (id: string) => (look: Look) => over(floorOf(id), look(id)?.value.median)
  const peak = (look: Look) => over(look('C1')?.peakMiB.median, look('C1', 'kafkajs')?.peakMiB.median)
  const beside = (id: string) => (look: Look) => over(look(id)?.value.median, look('S1-nothing')?.value.median)
  return [
    atLeast('P1', 'rate against raw kafkajs without headers', 1.3, ratio('P1')),
    atMost('P1', 'µs of CPU a record', 4.5, cpu('P1')),
    atMost('P1', 'µs of CPU a record that sampling all traces adds', 2.5, tracing('P1')),
    atMost('P2', 'p50 against raw kafkajs', 1, (look) => inverse(ratio('P2')(look))),
    atLeast('P3', 'rate against raw kafkajs', 12, ratio('P3')),
    atLeast('C1', 'rate against raw kafkajs without headers', 1.2, ratio('C1')),
    atLeast('C1', 'rate against raw kafkajs, with bytes that nobody decodes', 1.8, ratio('C1', 'tributary-bytes')),
    atMost('C1', 'µs of CPU a record', 2.5, cpu('C1')),
    atMost('C1', 'µs of CPU a record that sampling all traces adds', 3, tracing('C1')),
    atMost('C1', 'peak memory against raw kafkajs (O1)', 1.2, peak),
    atMost('C2-10000', 'time over its floor', 1.2, overFloor('C2-10000')),
    atMost('C2-100', 'time over its floor', 1.11, overFloor('C2-100')),
    atMost('C2-10', 'time over its floor', 1.05, overFloor('C2-10')),
    atMost('C2-1', 'time over its floor', 1.04, overFloor('C2-1')),
    atMost('C2-100k', 'time over its floor', 1.14, overFloor('C2-100k')),
    atLeast('C3-1ms', 'rate of what the hottest key allows', 0.9, ofFloor('C3-1ms')),
    atLeast('C3-10ms', 'rate of what the hottest key allows', 0.97, ofFloor('C3-10ms')),
    atMost('L1', 'p50 against raw kafkajs', 1, (look) => inverse(ratio('L1')(look))),
    atMost('L1', 'p99 against raw kafkajs', 1, (look) =>
      over(look('L1')?.p99?.median, look('L1', 'kafkajs')?.p99?.median),
    ),
    ...['S1-key', 'S1-partition', 'S1-poison'].map((id) =>
      atLeast(id, 'rate of the rest, by its share of the records, over S1-nothing', 0.95, beside(id)),
    ),
  ]
}

type Measure = Goal['measure']

function atLeast(workload: string, says: string, limit: number, measure: Measure): Goal {
  return { workload, says, limit, isUpper: false, measure }
}

function atMost(workload: string, says: string, limit: number, measure: Measure): Goal {
  return { workload, says, limit, isUpper: true, measure }
}

function over(value: number | undefined, by: number | undefined): number | null {
  return value === undefined || by === undefined ? null : value / by
}

function minus(value: number | undefined, by: number | undefined): number | null {
  return value === undefined || by === undefined ? null : value - by
}

function inverse(value: number | null): number | null {
  return value === null ? null : 1 / value
}
