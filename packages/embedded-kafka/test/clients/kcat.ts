/** kcat, on an old librdkafka. It has no administration: topics are made, and groups looked at, with kafkajs. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { administrationOf } from './administration.ts'
import type { Client, Driver, Member, Position, Producing, Received, Sent } from './driver.ts'
import { Inbox } from './inbox.ts'
import { kafkaJs } from './kafkajs.ts'

const separator = '|'

export const kcat: Client = {
  name: 'kcat',
  cannot: {
    topics: 'kcat has no administration',
    admin: 'kcat has no administration',
    transactions: 'kcat has no transactional producer',
    transform: 'kcat has no transactional producer',
  },
  async start(bootstrap) {
    const program = process.env['TRIBUTARY_REAL_KCAT']
    if (!program) throw new Error('there is no kcat: set TRIBUTARY_REAL_KCAT to the program')
    const admin = await kafkaJs.start(bootstrap)
    return { ...administrationOf(admin), ...new Kcat(program, ['-b', bootstrap]).driver(admin) }
  },
}

class Kcat {
  readonly #program: string
  readonly #common: readonly string[]
  readonly #running = new Set<ChildProcess>()

  constructor(program: string, common: readonly string[]) {
    this.#program = program
    this.#common = common
  }

  /** `other` writes records with times of their own, which kcat cannot, and is closed with this. */
  driver(other: Driver): Pick<Driver, 'produce' | 'read' | 'join' | 'close'> {
    return {
      produce: (topic, records, how) =>
        records.some(({ timestamp }) => timestamp)
          ? other.produce(topic, records, how)
          : this.#produce(topic, records, how),
      read: (topic, from, count) => this.#read(topic, from, count),
      join: (group, topic) => Promise.resolve(this.#join(group, topic)),
      close: () => {
        for (const child of this.#running) child.kill()
        return other.close()
      },
    }
  }

  /** One call for records that have no headers; headers are given to all records of a call. */
  async #produce(topic: string, records: readonly Sent[], how: Producing): Promise<void> {
    const calls = records.some(({ headers }) => headers) ? records.map((record) => [record]) : [records]
    for (const call of calls) {
      const headers = Object.entries(call[0]?.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}=${value}`])
      const settings = ['-z', how.codec, '-X', `enable.idempotence=${how.idempotent}`]
      const child = this.#spawn('-P', '-t', topic, '-p', '0', '-Z', '-K', separator, ...settings, ...headers)
      const lines = call.map(({ key, value }) => (key == null ? (value ?? '') : `${key}${separator}${value ?? ''}`))
      child.stdin?.end(`${lines.join('\n')}\n`)
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`kcat -P ended with ${code}`)
    }
  }

  async #read(topic: string, from: Position, count: number): Promise<Received[]> {
    const start = 'offset' in from ? String(from.offset) : `s@${from.timestamp}`
    const wanted = ['-C', '-t', topic, '-p', '0', '-o', start, '-c', String(count), '-J', '-q']
    const { stdout } = await promisify(execFile)(this.#program, [...this.#common, ...wanted])
    return stdout.trim().split('\n').map(received)
  }

  #join(group: string, topic: string): Member {
    const child = this.#spawn('-G', group, '-X', 'auto.offset.reset=earliest', '-f', '%s\n', '-u', topic)
    const inbox = new Inbox<string>()
    let assigned: number[] = []
    if (child.stdout) createInterface(child.stdout).on('line', (line) => inbox.put(line))
    if (child.stderr)
      createInterface(child.stderr).on('line', (line) => {
        const [, list] = /: assigned: (.*)$/.exec(line) ?? []
        if (list !== undefined) assigned = [...list.matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition))
      })
    return {
      assigned: () => Promise.resolve(assigned),
      take: (count) => inbox.take(count),
      // It commits what it printed when it is told to end.
      commit: () => Promise.resolve(),
      leave: async () => {
        child.kill('SIGTERM')
        if (child.exitCode === null) await once(child, 'exit')
      },
    }
  }

  #spawn(...args: readonly string[]): ChildProcess {
    const child = spawn(this.#program, [...this.#common, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    return child
  }
}

function received(line: string): Received {
  const {
    offset,
    key,
    payload,
    headers = [],
  } = JSON.parse(line) as {
    offset: number
    key: string | null
    payload: string | null
    headers?: string[]
  }
  const pairs = Array.from({ length: headers.length / 2 }, (_, index) => headers.slice(index * 2, index * 2 + 2))
  return { offset, key, value: payload, headers: Object.fromEntries(pairs) as Record<string, string> }
}
