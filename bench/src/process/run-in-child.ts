import { fork } from 'node:child_process'
import path from 'node:path'
import type { Job, Measured } from '../workloads/workload.ts'

/** Longer than any workload's cap: who reaches this hangs. */
const TIMEOUT_MS = 150_000
const KEPT_OUTPUT_CHARACTERS = 2_000

/** One job in a process of its own: a clean heap, its own CPU account, its own peak memory. @throws Error with the end of what the process printed. */
export function runInChild(job: Job): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(import.meta.dirname, 'child.ts'), [JSON.stringify(job)], {
      execArgv: ['--conditions=@tributary/source', '--no-warnings'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const keep = (text: Buffer): void => {
      output = (output + text.toString()).slice(-KEPT_OUTPUT_CHARACTERS)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    let measured: Measured | undefined
    child.once('message', (message) => {
      measured = message as Measured
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (measured !== undefined) resolve(measured)
      else reject(new Error(`${job.contender} at ${job.workload} ended with ${signal ?? code}\n${output}`))
    })
  })
}
