/**
 * Keeps the documentation true: what pages show of other files is those files, and what they link to or name is there.
 *
 * `node scripts/docs.ts check` says what is stale or broken and fails; `node scripts/docs.ts sync` brings the included blocks up to date.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { includeFaults, withIncludes } from './docs/includes.ts'
import { linkFaults } from './docs/links.ts'
import { sourceFaults } from './docs/sources.ts'

const root = join(import.meta.dirname, '..')
const tree = {
  read: (path: string): string => readFileSync(join(root, path), 'utf8'),
  exists: (path: string): boolean => existsSync(join(root, path)),
  isFolder: (path: string): boolean => statSync(join(root, path)).isDirectory(),
}

function filesNamed(...patterns: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.split('\n').filter((path) => path !== '' && tree.exists(path))
}

function sync(): void {
  for (const page of filesNamed('*.md')) {
    const before = tree.read(page)
    const after = withIncludes(before, tree)
    if (after === before) continue
    writeFileSync(join(root, page), after)
    console.log(`updated ${page}`)
  }
}

function check(): void {
  const all = filesNamed('*.md')
  const sources = filesNamed('*.ts', '*.mjs', '*.cjs')
  const faults = all.flatMap((page) => {
    const text = tree.read(page)
    const found = [...includeFaults(text, tree), ...linkFaults(page, text, tree), ...sourceFaults(text, sources)]
    return found.map((fault) => `${page}: ${fault}`)
  })
  for (const fault of faults) console.error(fault)
  console.log(
    faults.length === 0
      ? `${all.length} pages: includes, links and names of files are right`
      : `${faults.length} faults`,
  )
  if (faults.length > 0) process.exitCode = 1
}

const commands: Readonly<Record<string, () => void>> = { check, sync }
const command = commands[process.argv[2] ?? '']
if (command) command()
else {
  console.error(`usage: node ${relative(process.cwd(), import.meta.filename)} check|sync`)
  process.exitCode = 2
}
