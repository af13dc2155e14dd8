import { isDeepStrictEqual } from 'node:util'
import type { Client } from './driver.ts'
import type { Scenario } from './scenarios.ts'
import type { Verdict } from './table.ts'

/** What one client got in one scenario: its answer, or the error that it ran into. */
export interface Run {
  readonly answer?: unknown
  readonly error?: string
}

/** Runs a scenario with a client of its own. */
export async function runOn(bootstrap: string, client: Client, scenario: Scenario): Promise<Run> {
  const run = crypto.randomUUID().slice(0, 8)
  try {
    const driver = await client.start(bootstrap)
    try {
      return { answer: await scenario.run(driver, (name) => `${client.name}-${run}-${name}`, client) }
    } finally {
      await driver.close()
    }
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}

export function verdictOn(real: Run, embedded: Run): Verdict {
  return real.error === undefined && isDeepStrictEqual(real, embedded) ? 'same' : 'different'
}
