/** Kafka's own command-line tools, each call a process: what an operator types. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Client, Driver, GroupProtocol, Member, Position, Producing, Received, Sent } from './driver.ts'
import { Inbox } from './inbox.ts'
import { kafkaJs } from './kafkajs.ts'

const jvm = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

const tool = {
  configs: 'kafka.admin.ConfigCommand',
  consoleConsumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  consoleProducer: 'org.apache.kafka.tools.ConsoleProducer',
  consumerGroups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  consumerPerformance: 'org.apache.kafka.tools.ConsumerPerformance',
  deleteRecords: 'org.apache.kafka.tools.DeleteRecordsCommand',
  getOffsets: 'org.apache.kafka.tools.GetOffsetShell',
  producerPerformance: 'org.apache.kafka.tools.ProducerPerformance',
  topics: 'org.apache.kafka.tools.TopicCommand',
} as const

/** How null is written, and read back. */
const nothing = 'null'

export const javaTools: Client = {
  name: 'java-tools',
  cannot: {
    'five members': 'ten virtual machines at once are more than a test should ask of a machine',
  },
  start: (bootstrap) => startTools(bootstrap, 'classic'),
}

export const javaToolsInConsumerGroups: Client = {
  name: 'java-tools-consumer',
  only: ['group', 'rebalance'],
  start: (bootstrap) => startTools(bootstrap, 'consumer'),
}

function startTools(bootstrap: string, protocol: GroupProtocol): Promise<Driver> {
  const [java, classPath] = [process.env['TRIBUTARY_REAL_JAVA'], process.env['TRIBUTARY_REAL_KAFKA_TOOLS']]
  if (!java || !classPath)
    throw new Error("there are no tools: set TRIBUTARY_REAL_JAVA, and TRIBUTARY_REAL_KAFKA_TOOLS to Kafka's class path")
  return Promise.resolve(new JavaToolsDriver(java, [...jvm, '-cp', classPath], bootstrap, protocol))
}

class JavaToolsDriver implements Driver {
  readonly #protocol: GroupProtocol
  readonly #java: string
  readonly #jvm: readonly string[]
  readonly #bootstrap: string
  readonly #running = new Set<ChildProcess>()

  constructor(java: string, jvmArguments: readonly string[], bootstrap: string, protocol: GroupProtocol) {
    this.#protocol = protocol
    this.#java = java
    this.#jvm = jvmArguments
    this.#bootstrap = bootstrap
  }

  async createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void> {
    const settings = Object.entries(configs).flatMap(([name, value]) => ['--config', `${name}=${value}`])
    const shape = ['--partitions', String(partitions), '--replication-factor', '1']
    await this.#run(tool.topics, '--create', '--topic', topic, ...shape, ...settings)
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#run(tool.topics, '--alter', '--topic', topic, '--partitions', String(total))
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#run(tool.topics, '--delete', '--topic', topic)
  }

  async partitions(topic: string): Promise<number> {
    const described = await this.#run(tool.topics, '--describe', '--topic', topic, '--if-exists')
    return Number(/PartitionCount: (\d+)/.exec(described)?.[1] ?? 0)
  }

  async setting(topic: string, name: string): Promise<string> {
    const described = await this.#run(tool.configs, '--describe', '--topic', topic, '--all')
    const line = described.split('\n').find((each) => each.trim().startsWith(`${name}=`))
    return line?.trim().split(' ')[0]?.split('=')[1] ?? ''
  }

  async changeSetting(topic: string, name: string, value: string): Promise<void> {
    await this.#run(tool.configs, '--alter', '--topic', topic, '--add-config', `${name}=${value}`)
  }

  async produce(topic: string, records: readonly Sent[], how: Producing): Promise<void> {
    if (records.some(({ timestamp }) => timestamp)) return this.#produceWithTimes(topic, records, how)
    const { codec, idempotent } = how
    const lines = records.map(({ key, value, headers }) => {
      const entries = headers && Object.entries(headers).map(([name, text]) => `${name}:${text}`)
      return [entries?.join(',') ?? nothing, key ?? nothing, value ?? nothing].join('\t')
    })
    const format = ['parse.key=true', 'parse.headers=true', `null.marker=${nothing}`]
    const producer = this.#spawn(
      tool.consoleProducer,
      ...['--topic', topic, '--compression-codec', codec],
      ...['--command-property', `enable.idempotence=${idempotent}`],
      ...format.flatMap((property) => ['--reader-property', property]),
    )
    producer.stdin?.end(`${lines.join('\n')}\n`)
    const [code] = (await once(producer, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`kafka-console-producer ended with ${code}`)
  }

  async read(topic: string, from: Position, count: number): Promise<Received[]> {
    const offset = 'offset' in from ? from.offset : await this.#offsetAt(topic, from.timestamp)
    const output = await this.#run(
      tool.consoleConsumer,
      ...['--topic', topic, '--partition', '0', '--offset', String(offset), '--max-messages', String(count)],
      ...['print.offset', 'print.headers', 'print.key'].flatMap((name) => ['--formatter-property', `${name}=true`]),
    )
    return output
      .split('\n')
      .filter((line) => line.startsWith('Offset:'))
      .map(received)
  }

  async load(topic: string, count: number): Promise<number> {
    const records = ['--topic', topic, '--num-records', String(count)]
    const shape = ['--record-size', '100', '--throughput', '-1', '--command-property', 'acks=all']
    await this.#run(tool.producerPerformance, ...records, ...shape)
    const figures = (await this.#run(tool.consumerPerformance, ...records)).trim().split('\n').at(-1)
    const columnOfCount = 4
    return Number(figures?.split(', ')[columnOfCount])
  }

  async join(group: string, topic: string): Promise<Member> {
    const clientId = `member-${crypto.randomUUID().slice(0, 8)}`
    const properties = [`client.id=${clientId}`, `group.protocol=${this.#protocol}`]
    const consumer = this.#spawn(
      tool.consoleConsumer,
      ...['--topic', topic, '--group', group, '--from-beginning'],
      ...properties.flatMap((property) => ['--command-property', property]),
    )
    const inbox = new Inbox<string>()
    if (consumer.stdout) createInterface(consumer.stdout).on('line', (line) => inbox.put(line))
    return {
      assigned: async () => {
        const members = await this.#run(tool.consumerGroups, '--describe', '--group', group, '--members', '--verbose')
        const line = members.split('\n').find((each) => each.includes(clientId))
        const partitions = line?.split(/\s+/).find((cell) => cell.startsWith(`${topic}:`))
        return (
          partitions
            ?.slice(topic.length + 1)
            .split(',')
            .map(Number) ?? []
        )
      },
      take: (count) => inbox.take(count),
      // It commits what it printed when it is told to end.
      commit: () => Promise.resolve(),
      leave: async () => {
        consumer.kill('SIGTERM')
        if (consumer.exitCode === null) await once(consumer, 'exit')
      },
    }
  }

  async committed(group: string, topic: string): Promise<number> {
    const described = await this.#run(tool.consumerGroups, '--describe', '--group', group, '--offsets')
    const line = described.split('\n').find((each) => new RegExp(`^${group}\\s+${topic}\\s+0\\s`).test(each))
    return Number(line?.split(/\s+/)[3] ?? -1)
  }

  async groupState(group: string): Promise<string> {
    const described = await this.#run(tool.consumerGroups, '--describe', '--group', group, '--state')
    return /\s(Stable|Empty|PreparingRebalance|CompletingRebalance|Dead)\s/.exec(described)?.[1] ?? ''
  }

  async deleteGroup(group: string): Promise<void> {
    const output = await this.#run(tool.consumerGroups, '--delete', '--group', group)
    if (!output.includes('was successful')) throw new Error(output)
  }

  async deleteRecords(topic: string, before: number): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'delete-records-'))
    try {
      const file = path.join(folder, 'offsets.json')
      const partitions = [{ topic, partition: 0, offset: before }]
      await writeFile(file, JSON.stringify({ partitions, version: 1 }))
      await this.#run(tool.deleteRecords, '--offset-json-file', file)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Ends what a scenario that failed left behind. */
  close(): Promise<void> {
    for (const process of this.#running) process.kill()
    return Promise.resolve()
  }

  /** kafka-console-producer gives no times to records, so another client writes what the tools then look for. */
  async #produceWithTimes(topic: string, records: readonly Sent[], how: Producing): Promise<void> {
    const other = await kafkaJs.start(this.#bootstrap)
    await other.produce(topic, records, how)
    await other.close()
  }

  async #offsetAt(topic: string, timestamp: number): Promise<number> {
    const output = await this.#run(tool.getOffsets, '--topic-partitions', `${topic}:0`, '--time', String(timestamp))
    return Number(output.trim().split(':')[2])
  }

  async #run(className: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(this.#java, [
      ...this.#jvm,
      className,
      '--bootstrap-server',
      this.#bootstrap,
      ...args,
    ])
    return stdout
  }

  #spawn(className: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(this.#java, [...this.#jvm, className, '--bootstrap-server', this.#bootstrap, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    return child
  }
}

/** Reads a line such as `Offset:0	name:text,name:text	key	value`. */
function received(line: string): Received {
  const [offset = '', headers = '', key = '', value = ''] = line.split('\t')
  const orNull = (text: string): string | null => (text === nothing ? null : text)
  const entries = headers === 'NO_HEADERS' ? [] : headers.split(',').map((header) => header.split(':'))
  return {
    offset: Number(offset.split(':')[1]),
    headers: Object.fromEntries(entries) as Record<string, string>,
    key: orNull(key),
    value: orNull(value),
  }
}
