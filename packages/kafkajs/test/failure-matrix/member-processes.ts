import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'

export interface MemberSettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly concurrency: number
  /** How long each handler takes, in milliseconds. */
  readonly handlerMs: number
  readonly commitIntervalMs: number
  readonly sessionTimeoutMs: number
}

/** How often at most events run twice after a kill: what was in flight, and what was settled since the last commit but one, which may not have arrived. */
export function mostDuplicates({ concurrency, commitIntervalMs, handlerMs }: MemberSettings): number {
  return concurrency * (1 + (2 * commitIntervalMs) / handlerMs)
}

/** A member of a group in a process of its own, killed at the end of the test. */
export class MemberProcess {
  readonly child: ChildProcess
  readonly #lines: string[] = []

  /** @param onHandled told where each event lies that it has handled */
  constructor(settings: MemberSettings, onHandled: (place: string) => void) {
    const program = fileURLToPath(new URL('member-process.ts', import.meta.url))
    this.child = spawn(
      process.execPath,
      ['--conditions=@tributary/source', '--disable-warning=TimeoutNegativeWarning', program, JSON.stringify(settings)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => void this.child.kill('SIGKILL'))
    if (this.child.stdout === null) throw new Error('no pipe to the member')
    createInterface(this.child.stdout).on('line', (line) => {
      this.#lines.push(line)
      if (line.startsWith('handled ')) onHandled(line.slice('handled '.length))
    })
  }

  /** Resolves when it has said something that starts so, as often as that. */
  said(start: string, times = 1): Promise<void> {
    const said = (): number => this.#lines.filter((line) => line.startsWith(start)).length
    return vi.waitFor(() => expect(said(), `times a member said '${start}'`).toBeGreaterThanOrEqual(times), {
      timeout: 40_000,
      interval: 10,
    })
  }
}
