/** `pnpm bench:brokers [--rounds 3]`: raw kafkajs against the embedded broker and against Apache Kafka, by turns. */
import os from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startKafka } from '@tributary/infra'
import { BASELINE } from '../contenders/registry.ts'
import type { Result } from '../results/result.ts'
import { type Summary, summarise } from '../results/summary.ts'
import { runRounds } from '../rounds.ts'
import { Stage } from '../stage/stage.ts'
import { workload } from '../workloads/registry.ts'
import { EmbeddedProcess } from './embedded.ts'

const SIZE = 'quick'
const workloads = ['P1', 'P2', 'C1', 'L1'] as const
const IDLE_MS = 5_000

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Number(values.rounds)

const load = os.loadavg()[0] ?? 0
await using embedded = await EmbeddedProcess.start()
const before = await embedded.usage()
await sleep(IDLE_MS)
const idle = (await embedded.usage()).cpuMs - before.cpuMs

const kafka = await startKafka()
const stages = { embedded: new Stage(embedded.brokers), kafka: new Stage(kafka.brokers) }
const results: Record<keyof typeof stages, Result[]> = { embedded: [], kafka: [] }
try {
  for (const id of workloads) {
    for (let round = 0; round < rounds; round += 1) {
      const order: (keyof typeof stages)[] = round % 2 === 0 ? ['embedded', 'kafka'] : ['kafka', 'embedded']
      for (const broker of order) {
        const plan = { size: SIZE, rounds: 1, workloads: [id], contenders: [BASELINE] } as const
        await runRounds(plan, stages[broker], (result) => {
          results[broker].push({ ...result, round })
          console.log(`${id} round ${round + 1} ${broker}: ${result.error ?? 'done'}`)
        })
      }
    }
  }
} finally {
  for (const stage of Object.values(stages)) await stage.close()
  await kafka.close()
}

const lines = workloads.map((id) => {
  const summaries = [results.embedded, results.kafka].map((each) => summarise(workload(id, SIZE), BASELINE, each))
  const [ours, theirs] = summaries
  const cells = summaries.map((summary) => (summary === null ? 'failed' : cell(id, summary)))
  const faults = summaries.flatMap((summary) => summary?.faults ?? [])
  const isRate = workload(id, SIZE).reading === 'rate'
  const ratio = ours && theirs ? quotient(ours, theirs, isRate) : 'failed'
  return `| ${id} | ${cells.join(' | ')} | ${ratio} | ${faults.length === 0 ? 'verified' : faults.join(', ')} |`
})
const usage = await embedded.usage()
console.log(`
Raw kafkajs, ${rounds} rounds by turns on ${os.availableParallelism()} cores, load average before ${load.toFixed(1)}. × above 1: the embedded broker is faster.

| workload | embedded | Kafka | × | records |
| --- | --- | --- | --- | --- |
${lines.join('\n')}

Ready ${embedded.readyMs.toFixed(1)} ms after the call; ${idle.toFixed(1)} ms of CPU in ${IDLE_MS / 1000} s without clients; ${usage.residentMiB.toFixed(0)} MiB resident with everything that was written.`)
process.exitCode = Object.values(results)
  .flat()
  .some(({ error }) => error !== undefined)
  ? 1
  : 0

function cell(id: string, { value, p99 }: Summary): string {
  if (workload(id, SIZE).reading === 'rate') return `${Math.round(value.median).toLocaleString('en')}/s`
  return `p50 ${value.median.toFixed(2)} ms${p99 === null ? '' : `, p99 ${p99.median.toFixed(2)} ms`}`
}

function quotient(ours: Summary, theirs: Summary, isRate: boolean): string {
  if (isRate) return (ours.value.median / theirs.value.median).toFixed(2)
  const p99 = ours.p99 && theirs.p99 ? `, p99 ${(theirs.p99.median / ours.p99.median).toFixed(2)}` : ''
  return `p50 ${(theirs.value.median / ours.value.median).toFixed(2)}${p99}`
}
