import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Of the broker's process, since its start. */
export interface Usage {
  readonly cpuMs: number
  readonly residentMiB: number
}

export class EmbeddedProcess implements AsyncDisposable {
  readonly brokers: readonly string[]
  /** From the call of `startEmbeddedKafka` to its promise. */
  readonly readyMs: number
  readonly #child: ChildProcess

  static async start(): Promise<EmbeddedProcess> {
    const child = fork(path.join(import.meta.dirname, 'embedded-process.ts'), [], {
      execArgv: ['--conditions=@tributary/source', '--no-warnings'],
    })
    const [{ brokers, readyMs }] = (await once(child, 'message')) as [{ brokers: string[]; readyMs: number }]
    return new EmbeddedProcess(child, brokers, readyMs)
  }

  private constructor(child: ChildProcess, brokers: readonly string[], readyMs: number) {
    this.#child = child
    this.brokers = brokers
    this.readyMs = readyMs
  }

  async usage(): Promise<Usage> {
    this.#child.send('usage')
    const [usage] = (await once(this.#child, 'message')) as [Usage]
    return usage
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
