import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { type ApiName, apis } from '../src/api/catalogue.ts'
import { answersInParts } from '../src/faults/selectors.ts'
import { absent, clients } from './clients/clients.ts'
import { scenarios } from './clients/scenarios.ts'
import { table } from './clients/table.ts'

const root = path.join(import.meta.dirname, '..')
const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8')

it('skipped-features.md lists exactly the APIs and versions that are spoken', async () => {
  const listed = [...(await read('skipped-features.md')).matchAll(/^\| (\d+) +\| (\w+) +\| (\d+)–(\d+) +\|$/gm)]
  const spoken = [...apis.values()].toSorted((one, other) => one.key - other.key)
  expect(listed.map(([, key, name, oldest, newest]) => [Number(key), name, Number(oldest), Number(newest)])).toEqual(
    spoken.map(({ key, name, versions }) => [key, name, ...versions]),
  )
})

it('every API is a file of its name', async () => {
  const files = await readdir(path.join(root, 'src/api'))
  const wanted = [...apis.values()].map(({ name }) => `${name.replaceAll(/(?<=.)(?=[A-Z])/g, '-').toLowerCase()}.ts`)
  expect(wanted.filter((file) => !files.includes(file))).toEqual([])
})

it('the README names the APIs that answer in parts', async () => {
  const [, named = ''] = /^Answer in parts: (.*?)\. /ms.exec(await read('README.md')) ?? []
  const names = [...apis.values()].map(({ name }) => name as ApiName).filter((name) => answersInParts(name))
  expect(named.split(/,\s+/)).toEqual(names.toSorted())
})

it("the README's example prints what the README says", { timeout: 60_000 }, async () => {
  const readme = await read('README.md')
  const [, example = '', output = ''] = /```ts\n((?:(?!```).)*)```\n\nprints\n\n```text\n(.*?)```/s.exec(readme) ?? []
  const folder = path.join(root, '.cache', `readme-${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    const file = path.join(folder, 'example.ts')
    await writeFile(file, example)
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tributary/source', file])
    expect(stdout).toBe(output)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('docs/embedded-kafka.md has the table of clients, as clients.real.test.ts prints it', async () => {
  const printed = table(clients, Object.keys(scenarios), absent, () => 'same')
  expect(await read('../../docs/embedded-kafka.md')).toContain(printed)
})
