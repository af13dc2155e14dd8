import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { findCommand } from './command.ts'
import { ComponentStartError } from './errors.ts'
import { isRunning, processIdentity, stopProcess } from './pids.ts'

/** `owner`: ends with the process that started it, even when that one is killed. `detached`: stays until somebody stops it (`pnpm infra down`). */
export type Lifetime = 'owner' | 'detached'

export interface ServiceSpec {
  /** For messages: `kafka node 1`, `jaeger`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly logFile: string
  readonly pidFile: string
  readonly lifetime: Lifetime
  /** Run as this system user (only root can ask for it). */
  readonly user?: string
  /** True once the service answers; `log` is what it has printed since this start. */
  readonly isReady: (log: string) => boolean | Promise<boolean>
  /** @defaultValue 60000 */
  readonly readyWithinMs?: number
  /** How it is asked to end. @defaultValue 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals
}

export interface ServiceProcess {
  readonly pid: number
  isRunning(): boolean
  /** Sends the signal and returns at once. */
  signal(signal: NodeJS.Signals): void
  /** Ends it: asks first, kills after `graceMs`. Resolves when the process is gone. Idempotent. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Starts a program in the background and resolves when it is ready.
 *
 * @throws {ComponentStartError} when it exits, or is not ready in time; it is not left running then.
 */
export async function startService(spec: ServiceSpec): Promise<ServiceProcess> {
  const [command, args] = await wrap(spec)
  const log = openSync(spec.logFile, 'a')
  const logStart = statSync(spec.logFile).size
  const child = spawn(command, args, {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    // A session of its own: Ctrl-C in the terminal reaches the owner alone, which then closes its services in order.
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const spawned = await new Promise<Error | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', resolve)
  })
  const { pid } = child
  if (spawned !== undefined || pid === undefined)
    throw new ComponentStartError(`${spec.name}: ${command} did not start`, { cause: spawned })
  child.unref()

  const identity = processIdentity(pid)
  await writeFile(spec.pidFile, `${identity} ${spec.stopSignal ?? 'SIGTERM'}\n`)
  const service: ServiceProcess = {
    pid,
    isRunning: () => child.exitCode === null && child.signalCode === null && isRunning(identity),
    signal: (signal) => void (service.isRunning() && process.kill(pid, signal)),
    stop: (graceMs) => stopProcess(identity, spec.stopSignal ?? 'SIGTERM', graceMs),
  }
  await untilReady(spec, service, () => readFileSync(spec.logFile).subarray(logStart).toString())
  return service
}

async function untilReady(spec: ServiceSpec, service: ServiceProcess, readLog: () => string): Promise<void> {
  const withinMs = spec.readyWithinMs ?? 60_000
  const deadline = Date.now() + withinMs
  for (;;) {
    const alive = service.isRunning()
    if (alive && (await spec.isReady(readLog()))) return
    if (alive && Date.now() < deadline) {
      await sleep(50)
      continue
    }
    await service.stop(0)
    const what = alive ? `was not ready within ${withinMs} ms` : 'ended before it was ready'
    throw new ComponentStartError(
      `${spec.name} ${what}. The end of ${spec.logFile}:\n${readLog().split('\n').slice(-25).join('\n')}`,
    )
  }
}

/** Linux's setpriv changes the user without PAM, and ties the child's life to ours: it is killed even when this process had no chance to clean up. */
async function wrap(spec: ServiceSpec): Promise<[string, string[]]> {
  const setpriv = await findCommand('setpriv')
  const options: string[] = []
  if (spec.user !== undefined) options.push(`--reuid=${spec.user}`, `--regid=${spec.user}`, '--init-groups')
  if (spec.lifetime === 'owner' && setpriv !== undefined) options.push('--pdeathsig=KILL')
  if (options.length === 0) return [spec.command, [...spec.args]]
  if (setpriv === undefined)
    throw new ComponentStartError(
      `${spec.name} must run as ${spec.user}, and there is no setpriv (package util-linux) to do that`,
    )
  return [setpriv, [...options, '--', spec.command, ...spec.args]]
}

/** An `isReady` that asks an HTTP endpoint; any answer in the 200s will do, unless `accept` wants to see the body. */
export function answersHttp(url: string, accept: (body: string) => boolean = () => true): () => Promise<boolean> {
  return async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
      return accept(await response.text()) && response.ok
    } catch {
      return false
    }
  }
}
