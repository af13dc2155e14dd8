import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** What an example must do; `expect.json` beside it. */
export interface Expectation {
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number
  readonly exitCode: number
  /**
   * What it must print, as stories of patterns: the lines of a story come in its order, and stories run beside each other, as what they tell of
   * does. Together they account for every line.
   */
  readonly output: readonly (readonly string[])[]
}

export interface ExampleRun {
  /** Null when it was ended by its timeout. */
  readonly exitCode: number | null
  readonly output: string
  readonly errors: string
}

const root = join(import.meta.dirname, '..')

/** Folders with a `main.ts` and an `expect.json`. */
export function exampleNames(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(root, entry.name)).includes('expect.json'))
    .map(({ name }) => name)
    .sort()
}

export function expectationOf(name: string): Expectation {
  return JSON.parse(readFileSync(join(root, name, 'expect.json'), 'utf8')) as Expectation
}

/** Where the output is recorded that the documentation shows. */
export function recordPath(name: string): string {
  return join(root, name, 'output.txt')
}

/** Runs an example as a reader would. */
export async function runExample(name: string, { timeoutMs }: Expectation): Promise<ExampleRun> {
  const child = spawn(process.execPath, ['--conditions=@tributary/source', join(root, name, 'main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const [output, errors, exitCode] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    new Promise<number | null>((resolve, reject) => child.on('exit', resolve).on('error', reject)),
  ])
  return { exitCode, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() }
}

/** How the output departs from what is expected; empty when it does not. */
export function outputFaults(output: string, stories: Expectation['output']): string[] {
  const left = stories.map((story) => [...story])
  const faults: string[] = []
  for (const line of output.split('\n').slice(0, -1)) {
    const story = left.find(([next]) => next !== undefined && new RegExp(`^${next}$`).test(line))
    if (story) story.shift()
    else faults.push(`unexpected: ${line}`)
  }
  return [...faults, ...left.flat().map((pattern) => `missing: ${pattern}`)]
}
