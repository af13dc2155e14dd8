/** `pnpm bench:docs`: makes the last run the published one, and writes its tables into `docs/benchmarks.md`. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { lastRunFile, loadRun, publishedRunFile, saveRun } from './results/run-file.ts'
import { tablesOf } from './results/tables.ts'

const page = path.resolve(import.meta.dirname, '../../docs/benchmarks.md')
const START = '<!-- measured: written by pnpm bench:docs -->'
const END = '<!-- /measured -->'

const run = await loadRun(lastRunFile)
await saveRun(run, publishedRunFile)
const text = await readFile(page, 'utf8')
const [before, rest] = text.split(START)
const after = rest?.split(END)[1]
if (before === undefined || after === undefined)
  throw new Error(`${page} has lost the marks between which tables are written`)
await writeFile(page, `${before}${START}\n\n${tablesOf(run)}\n\n${END}${after}`)
console.log(`${page} shows the run of ${run.startedAt}`)
