import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonReport } from '../src/report/json-report.ts'

export interface DemoRun {
  readonly exitCode: number
  readonly output: string
  readonly report: JsonReport
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Plays the demo in a process of its own, as a user would. */
export async function runDemo(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<DemoRun> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-demo-test-'))
  const reportFile = join(directory, 'report.json')
  try {
    const { exitCode, output } = await new Promise<{ exitCode: number; output: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        ['--conditions=@tributary/source', main, '--report', reportFile, ...args],
        { env: { ...process.env, ...environment }, maxBuffer: 64 * 1024 * 1024 },
        (_error, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, output: stdout + stderr }),
      )
    })
    const report = await readFile(reportFile, 'utf8').catch((cause: unknown) => {
      throw new Error(`the demo wrote no report; it said:\n${output}`, { cause })
    })
    return { exitCode, output, report: JSON.parse(report) as JsonReport }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What does not balance, for a message that says more than "false is not true". */
export const unbalanced = ({ report }: DemoRun): string[] =>
  report.checks.filter(({ holds }) => !holds).map(({ name, detail }) => `${name}: ${detail}`)
