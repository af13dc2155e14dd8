import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { isRunning, processIdentity, stopProcess } from '../src/host/pids.ts'
import { type ServiceProcess, startService } from '../src/host/service-process.ts'
import { stateDir } from '../src/host/state-dir.ts'

let service: ServiceProcess | undefined
afterEach(() => service?.stop(0))

async function start(
  program: string,
  lifetime: 'owner' | 'detached' = 'owner',
  readyWithinMs = 5_000,
): Promise<ServiceProcess> {
  const dir = await stateDir('test')
  onTestFinished(() => rm(dir, { recursive: true }))
  return startService({
    name: 'sample',
    command: process.execPath,
    args: ['-e', program],
    logFile: path.join(dir, 'sample.log'),
    pidFile: path.join(dir, 'sample.pid'),
    lifetime,
    isReady: (log) => log.includes('ready'),
    readyWithinMs,
  })
}

test('resolves once the service has said that it is ready, and stops it', async () => {
  service = await start('console.log("ready"); setInterval(() => {}, 1000)')
  expect(service.isRunning()).toBe(true)
  await service.stop()
  expect(service.isRunning()).toBe(false)
})

test('a service that ends before it is ready is reported with what it printed', async () => {
  await expect(start('console.error("no disk"); process.exit(3)')).rejects.toThrow(
    /ended before it was ready[\s\S]*no disk/,
  )
})

test('a service that is not ready in time is reported and not left running', async () => {
  const error = await start('console.log(process.pid); setInterval(() => {}, 1000)', 'owner', 300).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({
    code: 'INFRA_COMPONENT_START_FAILED',
    message: expect.stringContaining('not ready within 300 ms'),
  })
  const [, log = ''] = /The end of (.*):/.exec(String(error)) ?? []
  expect(isRunning(processIdentity(Number(await readFile(log, 'utf8'))))).toBe(false)
})

test('a service that ignores the request to stop is killed after the grace period', async () => {
  service = await start('process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)')
  await service.stop(100)
  expect(service.isRunning()).toBe(false)
})

test('a process id that belongs to somebody else by now is not signalled', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const { pid } = other
  if (pid === undefined) throw new Error('the other process did not start')
  await stopProcess(`${pid}:1`, 'SIGKILL', 0)
  expect(isRunning(processIdentity(pid))).toBe(true)
  other.kill('SIGKILL')
})
