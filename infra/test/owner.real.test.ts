import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { infraDir } from '../src/host/cache.ts'
import { isRunning, processIdentity } from '../src/host/pids.ts'

test('a component ends with the process that started it, even when that one is killed', async () => {
  const entry = JSON.stringify(path.join(infraDir, 'src/jaeger/start-jaeger.ts'))
  const program = `
    import { readFileSync } from 'node:fs'
    const { startJaeger } = await import(${entry})
    const stateDir = process.argv[1]
    await startJaeger({ stateDir })
    console.log(readFileSync(stateDir + '/jaeger.pid', 'utf8'))
    setInterval(() => {}, 1000)`
  const stateDir = await mkdtemp(path.join(tmpdir(), 'tributary-owner-'))
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program, stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string]
  const jaeger = processIdentity(Number.parseInt(line, 10))
  expect(isRunning(jaeger)).toBe(true)
  owner.kill('SIGKILL')
  await expect.poll(() => isRunning(jaeger), { timeout: 10_000 }).toBe(false)
  await rm(stateDir, { recursive: true })
})
