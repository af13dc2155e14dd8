/** `pnpm bench`: see `command-line.ts`. */
import os from 'node:os'
import process from 'node:process'
import { startKafka } from '@tributary/infra'
import { type Plan, planFrom, usage } from './command-line.ts'
import { describeResult } from './results/describe.ts'
import type { Result } from './results/result.ts'
import { lastRunFile, machine, saveRun, versions } from './results/run-file.ts'
import { tablesOf } from './results/tables.ts'
import { runRounds } from './rounds.ts'
import { Stage } from './stage/stage.ts'

async function main(plan: Plan): Promise<number> {
  const startedAt = new Date().toISOString()
  const facts = { machine: machine(), versions: await versions() }
  console.log(JSON.stringify(facts))
  const before = os.loadavg()[0] ?? 0
  const kafka = await startKafka()
  const stage = new Stage(kafka.brokers)
  const results: Result[] = []
  try {
    await runRounds(plan, stage, (result) => {
      results.push(result)
      console.log(describeResult(result))
    })
  } finally {
    await stage.close()
    await kafka.close()
  }
  const load = { before, after: os.loadavg()[0] ?? 0 }
  const command = ['pnpm bench', ...process.argv.slice(2)].join(' ')
  const { size, rounds } = plan
  const run = { startedAt, command, size, rounds, ...facts, load, results }
  await saveRun(run, lastRunFile)
  console.log(`\n${tablesOf(run)}\n\nraw figures: ${lastRunFile}`)
  return results.some(({ error }) => error !== undefined) ? 1 : 0
}

try {
  process.exitCode = await main(planFrom(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error, `\n\n${usage}`)
  process.exitCode = 2
}
