/** `pnpm mutants [words]`: plants each fault whose name contains the words, and says which test notices it. Exits with 1 when one is noticed by none. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { mutants } from './catalogue.ts'
import type { Mutant } from './mutant.ts'
import { plantedVariable } from './plant.ts'

interface Outcome {
  readonly failedTests: readonly string[]
  /** Test files none of whose tests ran, though none failed elsewhere: a fault that does not compile proves nothing. */
  readonly notLoaded: readonly string[]
  readonly passed: number
}

interface JsonReport {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** A planted fault may make a test wait for ever; vitest's own timeouts end most of them long before. */
const giveUpAfterMs = 180_000

/** The engine's tests: seconds, because their clock is virtual. */
const engineTests = [
  'packages/event-bus/src/consuming',
  'packages/event-bus/src/failing',
  'packages/event-bus/test/consuming',
]

/** One worker for many files, and an end at the first failure: starting workers would take longer than the tests. */
const options = ['run', '--config', 'vitest.mutants.config.ts', '--no-isolate', '--bail=1', '--reporter=json']

async function runTests(tests: readonly string[], planted?: string): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-mutants-'))
  const reportFile = join(directory, 'report.json')
  try {
    const vitest = spawn('vitest', [...options, `--outputFile=${reportFile}`, ...tests], {
      stdio: 'ignore',
      env: { ...process.env, ...(planted === undefined ? {} : { [plantedVariable]: planted }) },
      timeout: giveUpAfterMs,
      killSignal: 'SIGKILL',
    })
    await new Promise((resolve, reject) => vitest.once('error', reject).once('exit', resolve))
    const report = await readFile(reportFile, 'utf8').then(
      (text) => JSON.parse(text) as JsonReport,
      () => null,
    )
    if (report === null) return { failedTests: ['the run did not end'], notLoaded: [], passed: 0 }
    const failedTests = report.testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    )
    const withoutTests = report.testResults
      .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
      .map(({ name }) => name)
    // After the first failure vitest begins no further file, and reports those as it reports files that cannot be loaded.
    return { failedTests, notLoaded: failedTests.length === 0 ? withoutTests : [], passed: report.numPassedTests }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function faultOf(mutant: Mutant): Promise<string | null> {
  const source = await readFile(mutant.file, 'utf8')
  const places = source.split(mutant.original).length - 1
  return places === 1 ? null : `its original text occurs ${places} times in ${mutant.file}`
}

const words = process.argv.slice(2).join(' ')
const chosen = mutants.filter(({ name }) => name.includes(words))
const say = (mark: string, name: string, text: string): void => console.log(`${mark} ${name}\n    ${text}`)

const sound = await runTests([...new Set([...engineTests, ...chosen.flatMap(({ tests = [] }) => tests)])])
if (sound.failedTests.length + sound.notLoaded.length > 0) {
  throw new Error(`without any fault these fail: ${[...sound.failedTests, ...sound.notLoaded].join('; ')}`)
}
console.log(`${sound.passed} tests pass without a fault; planting ${chosen.length}`)

/** Answers whether a test noticed. */
async function tryOut(mutant: Mutant): Promise<boolean> {
  const stale = await faultOf(mutant)
  if (stale !== null) {
    say('?', mutant.name, stale)
    return false
  }
  const { failedTests, notLoaded } = await runTests(mutant.tests ?? engineTests, mutant.name)
  const [first] = failedTests
  if (notLoaded.length > 0) say('?', mutant.name, `cannot be loaded: ${notLoaded.join(', ')}`)
  else if (first === undefined) say('✗', mutant.name, 'SURVIVES: no test notices')
  else say('✓', mutant.name, failedTests.length === 1 ? first : `${first} (and ${failedTests.length - 1} more)`)
  return first !== undefined && notLoaded.length === 0
}

const waiting = chosen.values()
let noticed = 0
// Virtual time keeps one processor busy; each takes the next fault when it is done with the last.
const processor = async (): Promise<void> => {
  for (const mutant of waiting) if (await tryOut(mutant)) noticed += 1
}
await Promise.all(Array.from({ length: availableParallelism() }, processor))
console.log(`${noticed} of ${chosen.length} planted faults are noticed`)
process.exitCode = noticed === chosen.length && noticed > 0 ? 0 : 1
