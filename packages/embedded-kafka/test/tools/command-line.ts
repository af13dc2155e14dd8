/** Kafka's own command-line tools, each call a process: what an operator types. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Starts fast, where little is worth compiling well. */
const jvm = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

const classes = {
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
} as const
export type Tool = keyof typeof classes

export class CommandLine implements AsyncDisposable {
  readonly #bootstrap: string
  readonly #running = new Set<ChildProcess>()

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  /** What it prints, once it has ended well. */
  async run(tool: Tool, args: readonly string[], input = ''): Promise<string> {
    const child = this.start(tool, args)
    child.stdin?.end(input)
    const [printed, complaints, [code]] = await Promise.all([
      child.stdout ? text(child.stdout) : '',
      child.stderr ? text(child.stderr) : '',
      once(child, 'close') as Promise<[number | null]>,
    ])
    if (code !== 0) throw new Error(`${tool} ${args.join(' ')} ended with ${code}\n${printed}${complaints}`)
    return printed
  }

  /** For a tool that goes on until it is killed. */
  start(tool: Tool, args: readonly string[]): ChildProcess {
    const [java, classPath] = [process.env['TRIBUTARY_REAL_JAVA'], process.env['TRIBUTARY_REAL_KAFKA_TOOLS']]
    if (!java || !classPath)
      throw new Error(
        "there are no tools: set TRIBUTARY_REAL_JAVA, and TRIBUTARY_REAL_KAFKA_TOOLS to Kafka's class path",
      )
    const child = spawn(java, [...jvm, '-cp', classPath, classes[tool], '--bootstrap-server', this.#bootstrap, ...args])
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    return child
  }

  /** Ends what a check that failed left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#running].map((child) => once(child, 'exit'))
    for (const child of this.#running) child.kill()
    await Promise.all(ends)
  }
}
