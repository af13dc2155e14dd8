import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface ServiceOptions {
  readonly name: 'order' | 'inventory' | 'email'
  readonly environment: Readonly<Record<string, string>>
  /** Where it offers its metrics to Prometheus. */
  readonly metricsPort: number
  /** Where its log goes; appended to over restarts. */
  readonly logFile: string
}

/** One of the shop's services, in a process of its own. */
export interface ServiceProcess {
  readonly name: string
  readonly pid: number
  /** Base address of its HTTP server. A restart keeps the port. */
  readonly url: string
  readonly metricsUrl: string
  /** Ends the process as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port, after `kill`. */
  restart(): Promise<void>
  /** SIGTERM; SIGKILL when it has not gone after `graceMs`. Resolves with the exit code, or null after a signal. */
  stop(graceMs?: number): Promise<number | null>
}

const readyWithinMs = 60_000

/** Starts a service and resolves once it says that it is ready. */
export async function startService({
  name,
  environment,
  metricsPort,
  logFile,
}: ServiceOptions): Promise<ServiceProcess> {
  const log = createWriteStream(logFile, { flags: 'a' })
  let port = 0
  let running = launch()
  port = await readyPort(running, name, log, logFile)

  function launch(): ChildProcess {
    const main = fileURLToPath(new URL(`../../../services/${name}/src/main.ts`, import.meta.url))
    return spawn(process.execPath, ['--conditions=@tributary/source', main], {
      env: { ...process.env, ...environment, PORT: String(port), METRICS_PORT: String(metricsPort) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  return {
    name,
    get pid() {
      return running.pid ?? -1
    },
    get url() {
      return `http://127.0.0.1:${port}`
    },
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    async kill() {
      await end(running, 'SIGKILL')
    },
    async restart() {
      // Known before it is ready: when the play is interrupted in between, this is the process to end.
      running = launch()
      port = await readyPort(running, name, log, logFile)
    },
    async stop(graceMs = 15_000) {
      const reaper = setTimeout(() => running.kill('SIGKILL'), graceMs)
      const code = await end(running, 'SIGTERM')
      clearTimeout(reaper)
      log.end()
      return code
    },
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
  return child.exitCode
}

/** A service says `{"msg":"ready","port":…}` on its standard output when it serves; all it says goes to its log file. */
async function readyPort(child: ChildProcess, name: string, log: WriteStream, logFile: string): Promise<number> {
  child.stderr?.pipe(log, { end: false })
  const { stdout } = child
  if (stdout === null) throw new Error(`${name}: no standard output`)
  return new Promise<number>((resolve, reject) => {
    const giveUp = setTimeout(() => fail(`was not ready within ${readyWithinMs / 1000} s`), readyWithinMs)
    const fail = (what: string): void => {
      clearTimeout(giveUp)
      child.kill('SIGKILL')
      reject(new Error(`service ${name} ${what}: see ${logFile}`))
    }
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`ended at its start with ${signal ?? `exit status ${code}`}`)
    child.once('exit', onExit)
    createInterface({ input: stdout }).on('line', (line) => {
      log.write(`${line}\n`)
      const port = portOf(line)
      if (port === null) return
      clearTimeout(giveUp)
      child.off('exit', onExit)
      resolve(port)
    })
  })
}

function portOf(line: string): number | null {
  if (!line.startsWith('{') || !line.includes('"ready"')) return null
  const entry = JSON.parse(line) as { msg?: unknown; port?: unknown }
  return entry.msg === 'ready' && typeof entry.port === 'number' ? entry.port : null
}
