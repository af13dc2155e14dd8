/**
 * `pnpm mutants:automatic`: Stryker on the files where one wrong comparison loses records. It works in a clone of its own, because it writes into the files, and
 * because nobody else needs its 150 packages. What is committed is tried. Minutes long; exits with 1 when a change survives that `equivalent.ts` does not argue
 * for. Arguments go to Stryker: `--mutate packages/event-bus/src/consuming/offsets/committer.ts`.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equivalents } from './equivalent.ts'
import { compare, type MutationReport } from './survivors.ts'

const stryker = '10.1.1'
const clone = mkdtempSync(join(tmpdir(), 'tributary-stryker-'))
process.once('exit', () => rmSync(clone, { recursive: true, force: true }))
const run = (command: string, ...args: string[]): void =>
  void execFileSync(command, args, { cwd: clone, stdio: 'inherit' })

execFileSync('git', ['clone', '--quiet', '.', clone], { stdio: 'inherit' })
run(
  'pnpm',
  'add',
  '--workspace-root',
  '--save-dev',
  '--prefer-offline',
  `@stryker-mutator/core@${stryker}`,
  `@stryker-mutator/vitest-runner@${stryker}`,
)
for (const file of ['stryker.config.json', 'vitest.stryker.config.ts']) {
  copyFileSync(join('test/mutants', file), join(clone, file))
}
console.log(`Stryker works in ${clone}`)
run('pnpm', 'exec', 'stryker', 'run', ...process.argv.slice(2))

const report = JSON.parse(readFileSync(join(clone, 'reports/mutation/mutation.json'), 'utf8')) as MutationReport
const { unargued, argued, stale } = compare(report, equivalents)
for (const { file, line, original, changed } of unargued)
  console.log(`✗ ${file}:${line}\n  - ${original}\n  + ${changed}`)
for (const { file, original, changed } of stale) console.log(`? no survivor: ${file}\n  - ${original}\n  + ${changed}`)
console.log(
  `${unargued.length} survive, and ${argued.length} that are equivalent; ${stale.length} arguments are out of date`,
)
process.exitCode = unargued.length + stale.length === 0 ? 0 : 1
