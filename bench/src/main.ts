/** `pnpm bench`: see `command-line.ts`. */
import process from 'node:process'
import { startKafka } from '@tributary/infra'
import { type Plan, planFrom, usage } from './command-line.ts'
import { describeResult } from './results/describe.ts'
import type { Result } from './results/result.ts'
import { runRounds } from './rounds.ts'
import { Stage } from './stage/stage.ts'

async function main(plan: Plan): Promise<number> {
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
  return results.some(({ error }) => error !== undefined) ? 1 : 0
}

try {
  process.exitCode = await main(planFrom(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error, `\n\n${usage}`)
  process.exitCode = 2
}
