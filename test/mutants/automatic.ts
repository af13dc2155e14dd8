/**
 * `pnpm mutants:automatic`: Stryker on the files where one wrong comparison loses records. It works in a clone of its own, because it writes into the files, and
 * because nobody else needs its 150 packages. Minutes long; survivors are printed, and written to `reports/mutation` of the clone.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const stryker = '10.1.1'
const clone = mkdtempSync(join(tmpdir(), 'tributary-stryker-'))
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
