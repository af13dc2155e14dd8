/** Kafka's own client library for Java. Its driver in `java/` is compiled when it is first wanted, and one virtual machine serves all drivers. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Client, type GroupProtocol, groupScenarios } from './driver.ts'
import { ProcessCalls } from './process-calls.ts'
import { ProcessDriver } from './process-driver.ts'

const sources = path.join(import.meta.dirname, 'java')

/** Starts fast, where little is worth compiling well. */
const jvm = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

export const javaClient: Client = client('java-client', 'classic')
export const javaClientInConsumerGroups: Client = client('java-client-consumer', 'consumer', {
  only: groupScenarios,
})

function client(name: string, protocol: GroupProtocol, over: Partial<Client> = {}): Client {
  return {
    name,
    async start(bootstrap) {
      VirtualMachine.running ??= VirtualMachine.start()
      const { calls } = await VirtualMachine.running
      return new ProcessDriver(calls, () => {}, await calls.call<number>('open', [bootstrap, protocol]))
    },
    async end() {
      const running = await VirtualMachine.running
      VirtualMachine.running = undefined
      await running?.end()
    },
    ...over,
  }
}

class VirtualMachine {
  static running: Promise<VirtualMachine> | undefined
  readonly calls: ProcessCalls
  readonly #classes: string

  private constructor(calls: ProcessCalls, classes: string) {
    this.calls = calls
    this.#classes = classes
  }

  static async start(): Promise<VirtualMachine> {
    const [java, javac] = [process.env['TRIBUTARY_REAL_JAVA'], process.env['TRIBUTARY_REAL_JAVAC']]
    const libraries = process.env['TRIBUTARY_REAL_KAFKA_TOOLS']
    if (!java || !javac || !libraries)
      throw new Error(
        "there is no Java client: set TRIBUTARY_REAL_JAVA and TRIBUTARY_REAL_JAVAC to the programs, and TRIBUTARY_REAL_KAFKA_TOOLS to Kafka's class path",
      )
    const classes = await mkdtemp(path.join(tmpdir(), 'java-client-'))
    const files = (await readdir(sources)).map((file) => path.join(sources, file))
    await promisify(execFile)(javac, ['-d', classes, '-cp', libraries, ...files])
    const calls = new ProcessCalls(java, [...jvm, '-cp', `${classes}${path.delimiter}${libraries}`, 'Serve'])
    return new VirtualMachine(calls, classes)
  }

  async end(): Promise<void> {
    this.calls.end()
    await rm(this.#classes, { recursive: true, force: true })
  }
}
