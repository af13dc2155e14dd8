/** A driver that is a process of its own, in whatever language: calls and answers are lines of JSON, as `python/serve.py` tells. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Driver, Member, Position, Producing, Received, Sent } from './driver.ts'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export class ProcessDriver implements Driver {
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

  async createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('createTopic', [topic, partitions, configs])
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#call('addPartitions', [topic, total])
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#call('deleteTopic', [topic])
  }

  partitions(topic: string): Promise<number> {
    return this.#call<number>('partitions', [topic])
  }

  setting(topic: string, name: string): Promise<string> {
    return this.#call<string>('setting', [topic, name])
  }

  async changeSetting(topic: string, name: string, value: string): Promise<void> {
    await this.#call('changeSetting', [topic, name, value])
  }

  async produce(topic: string, records: readonly Sent[], how: Producing): Promise<void> {
    await this.#call('produce', [topic, records, how])
  }

  read(topic: string, from: Position, count: number): Promise<Received[]> {
    return this.#call<Received[]>('read', [topic, from, count])
  }

  async join(group: string, topic: string): Promise<Member> {
    const member = await this.#call<number>('join', [group, topic])
    return {
      assigned: () => this.#call<number[]>('assigned', [], member),
      take: (count) => this.#call<string[]>('take', [count], member),
      commit: async () => {
        await this.#call('commit', [], member)
      },
      leave: async () => {
        await this.#call('leave', [], member)
      },
    }
  }

  committed(group: string, topic: string): Promise<number> {
    return this.#call<number>('committed', [group, topic])
  }

  groupState(group: string): Promise<string> {
    return this.#call<string>('groupState', [group])
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#call('deleteGroup', [group])
  }

  async deleteRecords(topic: string, before: number): Promise<void> {
    await this.#call('deleteRecords', [topic, before])
  }

  async close(): Promise<void> {
    try {
      await this.#call('close', [])
    } finally {
      // A driver ends with its input, also where the process that was started here only started another one.
      this.#process.stdin.end()
    }
  }

  #call<T>(call: string, args: readonly unknown[], member?: number): Promise<T> {
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#process.stdin.write(`${JSON.stringify({ id, call, args, ...(member === undefined ? {} : { member }) })}\n`)
    return waiting.promise as Promise<T>
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
