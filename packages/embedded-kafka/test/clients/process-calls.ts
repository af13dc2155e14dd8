/** Calls to a process of another language: they and their answers are lines of JSON, as `python/serve.py` tells. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export class ProcessCalls {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  #complaints = ''

  constructor(command: string, args: readonly string[]) {
    this.#process = spawn(command, args)
    createInterface(this.#process.stdout).on('line', (line) => this.#receive(JSON.parse(line) as Answer))
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = `${this.#complaints}${text}`.slice(-2_000)
    })
    // A process that is gone is told of by its exit.
    this.#process.stdin.on('error', () => {})
    this.#process.on('error', (error) => this.#fail(error))
    this.#process.on('exit', (code) => this.#fail(new Error(`${command} ended with ${code}\n${this.#complaints}`)))
  }

  /** `on` is the number of what an earlier call made there; without it the driver itself is called. */
  call<T>(call: string, args: readonly unknown[], on?: number): Promise<T> {
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#process.stdin.write(`${JSON.stringify({ id, call, args, ...(on === undefined ? {} : { on }) })}\n`)
    return waiting.promise as Promise<T>
  }

  /** A call without an answer. */
  async tell(call: string, args: readonly unknown[], on?: number): Promise<void> {
    await this.call(call, args, on)
  }

  /** A driver ends with its input, also where the process that was started here only started another one. */
  end(): void {
    this.#process.stdin.end()
  }

  #receive({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
