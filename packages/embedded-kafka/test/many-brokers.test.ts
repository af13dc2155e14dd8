import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = new URL('fixtures/many-brokers.ts', import.meta.url).pathname

it('a process that has closed 200 brokers, each in the middle of things, holds nothing of them and ends', async () => {
  const args = ['--expose-gc', '--conditions=@tributary/source', script]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 })
  expect(stderr).toBe('')
  const { halfway, end } = JSON.parse(stdout) as { halfway: number; end: number }
  // One that stays, or whose timers do, takes 8 KiB or more: a hundred of them twice this.
  expect(end - halfway).toBeLessThan(400 * 1024)
}, 120_000)
