import { isDeepStrictEqual } from 'node:util'
import type { Client } from './driver.ts'
import type { Scenario } from './scenarios.ts'

export type Verdict = 'same' | 'different' | 'cannot'

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

/** One row a client, one column a scenario. */
export function table(
  scenarios: readonly string[],
  verdicts: ReadonlyMap<string, ReadonlyMap<string, Verdict>>,
): string {
  const rows = [...verdicts].map(([client, of]) => [
    client,
    ...scenarios.map((scenario) => of.get(scenario) ?? 'not run'),
  ])
  const lines = [['client', ...scenarios], ...rows]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function verdictOn(real: Run, embedded: Run): Verdict {
  return real.error === undefined && isDeepStrictEqual(real, embedded) ? 'same' : 'different'
}
