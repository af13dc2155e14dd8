import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isRunning, stopProcess } from '../host/pids.ts'
import { components } from './components.ts'

/** Everything that `up` started: one folder a component, with its pid files and the environment it printed. `down` needs nothing else. */
const stackDir = process.env['TRIBUTARY_INFRA_STATE'] ?? path.join(tmpdir(), 'tributary-infra')

/** Starts a component unless it is running; resolves with its environment lines either way. */
export async function up(name: string, port: number | undefined): Promise<string> {
  const start = components[name]
  if (start === undefined)
    throw new Error(`There is no component "${name}". There are: ${Object.keys(components).join(', ')}`)
  const dir = path.join(stackDir, name)
  const running = await runningEnvironment(dir)
  if (running !== undefined) return running

  // What is left of an earlier start that died half-way.
  await downOne(dir)
  await mkdir(dir, { recursive: true })
  const environment = Object.entries(await start(dir, port))
    .map(([variable, value]) => `${variable}=${value}\n`)
    .join('')
  await writeFile(path.join(dir, 'environment'), environment)
  return environment
}

/** Stops what is running, data and all; resolves with the names of what it found. */
export async function down(): Promise<string[]> {
  const names = await readdir(stackDir).catch((): string[] => [])
  await Promise.all(names.map((name) => downOne(path.join(stackDir, name))))
  return names
}

async function downOne(dir: string): Promise<void> {
  const processes = await pidFiles(dir)
  await Promise.all(processes.map(({ identity, signal }) => stopProcess(identity, signal, 20_000)))
  await rm(dir, { recursive: true, force: true })
}

async function runningEnvironment(dir: string): Promise<string | undefined> {
  const environment = await readFile(path.join(dir, 'environment'), 'utf8').catch(() => undefined)
  const processes = await pidFiles(dir)
  return processes.length > 0 && processes.every(({ identity }) => isRunning(identity)) ? environment : undefined
}

async function pidFiles(dir: string): Promise<{ identity: string; signal: NodeJS.Signals }[]> {
  const files = await readdir(dir).catch((): string[] => [])
  return Promise.all(
    files
      .filter((file) => file.endsWith('.pid'))
      .map(async (file) => {
        const [identity = '', signal] = (await readFile(path.join(dir, file), 'utf8')).trim().split(' ')
        return { identity, signal: signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM' }
      }),
  )
}
