import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { variablesNeededBy } from '../src/real-tests/needs.ts'

test('finds the variables that a test file and the files it imports name, also in a circle', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'tributary-needs-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = (name: string): string => path.join(dir, name)
  await writeFile(file('a.real.test.ts'), "import { b } from './b.ts'\nprocess.env['TRIBUTARY_REAL_KAFKA']")
  await writeFile(file('b.ts'), "export { a } from './a.real.test.ts'\nconst c = await import('./c.ts')")
  await writeFile(file('c.ts'), 'process.env.TRIBUTARY_REAL_KAFKA3_CONTROL')
  await writeFile(file('unrelated.ts'), 'process.env.TRIBUTARY_REAL_POSTGRES')
  expect(await variablesNeededBy(file('a.real.test.ts'))).toEqual(
    new Set(['TRIBUTARY_REAL_KAFKA', 'TRIBUTARY_REAL_KAFKA3_CONTROL']),
  )
})
