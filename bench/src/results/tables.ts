/** A run as Markdown: a table of goals, and a table for each workload. */
import { BASELINE, contenders } from '../contenders/registry.ts'
import { workloads } from '../workloads/registry.ts'
import type { Reading, Workload } from '../workloads/workload.ts'
import { goals } from './goals.ts'
import type { Run } from './run-file.ts'
import { type Spread, type Summary, summarise } from './summary.ts'

export function tablesOf(run: Run): string {
  const all = workloads(run.size)
  const names = Object.keys(contenders)
  const summaries = all.flatMap((workload) => names.flatMap((name) => summarise(workload, name, run.results) ?? []))
  const look = (workload: string, contender = 'tributary'): Summary | null =>
    summaries.find((summary) => summary.workload === workload && summary.contender === contender) ?? null
  const verdicts = goals(all).flatMap((goal) => {
    const measured = goal.measure(look)
    if (measured === null) return []
    const isMet = goal.isUpper ? measured <= goal.limit : measured >= goal.limit
    return [
      `| ${goal.workload} | ${goal.says} | ${goal.isUpper ? '≤' : '≥'} ${goal.limit} | ${figure(measured)} | ${isMet ? 'met' : '**missed**'} |`,
    ]
  })
  return [
    facts(run),
    `### Goals\n\n| workload | Tributary's | goal | measured | |\n| --- | --- | --- | --- | --- |\n${verdicts.join('\n')}`,
    ...all.flatMap((workload) =>
      tableOf(
        workload,
        summaries.filter((summary) => summary.workload === workload.id),
      ),
    ),
  ].join('\n\n')
}

function facts({ startedAt, command, rounds, machine, versions, load }: Run): string {
  const { processor, cores, memoryGiB, system } = machine
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `\`${command}\` on ${startedAt.slice(0, 10)}: ${rounds} rounds on ${cores} cores (${processor}), ${memoryGiB} GiB, ${system}; ${list.join(', ')}. Load average before and after: ${load.before.toFixed(1)}, ${load.after.toFixed(1)}.`
}

const headings: Readonly<Record<Reading, string>> = { rate: 'records/s', time: 'seconds', latency: 'p50 ms' }

function tableOf(workload: Workload, summaries: readonly Summary[]): string[] {
  if (summaries.length === 0) return []
  const { id, title, reading, floorMs, countedShare = 1 } = workload
  const floor = floorMs === undefined ? '' : ` Floor: ${(floorMs / 1000).toFixed(2)} s.`
  const counted =
    countedShare === 1
      ? ''
      : ` Counted are the ${(countedShare * 100).toFixed(1)} % of the records that are not in trouble; their rate is divided by that share.`
  const p99 = reading === 'latency' ? ' p99 ms |' : ''
  const rows = summaries.map((summary) => row(summary, reading))
  return [
    `### ${id}\n\n${title[0]?.toUpperCase()}${title.slice(1)}.${floor}${counted}\n\n| contender | ${headings[reading]} (lowest–highest) |${p99} × ${BASELINE} | µs CPU a record | peak MiB | records |\n| --- | --- |${reading === 'latency' ? ' --- |' : ''} --- | --- | --- | --- |\n${rows.join('\n')}`,
  ]
}

function row(summary: Summary, reading: Reading): string {
  const { contender, value, p99, ratio, cpuMicros, peakMiB, isVerified, faults, errors } = summary
  if (Number.isNaN(value.median))
    return `| ${contender} | failed |${p99 === null ? '' : ' |'} | | | ${errors[0]?.split('\n')[0]} |`
  const verdict = [...faults, ...(errors.length > 0 ? [`${errors.length} rounds failed`] : [])]
  const cells = [
    contender,
    range(value, reading === 'rate' ? 0 : 2),
    ...(p99 === null ? [] : [p99.median.toFixed(2)]),
    ratio === null ? '' : `${ratio.median.toFixed(2)}`,
    cpuMicros.median.toFixed(2),
    peakMiB.median.toFixed(0),
    verdict.length > 0 ? verdict.join(', ') : isVerified ? 'verified' : 'only counted',
  ]
  return `| ${cells.join(' | ')} |`
}

function range({ median, lowest, highest }: Spread, digits: number): string {
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median)} (${text(lowest)}–${text(highest)})`
}

function figure(value: number): string {
  return value.toFixed(2)
}
