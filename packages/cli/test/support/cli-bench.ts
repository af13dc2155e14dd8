import {
  deadLetterTopic,
  headerNames,
  provenanceHeaderNames as names,
  type RawHeader,
  redriveTopic,
} from '@tributary/event-bus'
import { type InMemoryCluster, inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import type { CliEnvironment } from '../../src/environment.ts'
import { run } from '../../src/run.ts'

export const DLQ = deadLetterTopic('orders', 'stock')
export const REDRIVE = redriveTopic('orders', 'stock')

export interface CliRun {
  readonly exitCode: number
  readonly out: string
  readonly error: string
}

/** The command line on an in-memory cluster. */
export function cliBench(): {
  readonly cluster: InMemoryCluster
  readonly tributary: (...words: string[]) => Promise<CliRun>
  /** As Ctrl-C does, for every command from now on. */
  readonly interrupt: () => void
  readonly deadLetter: (id: string, more?: readonly RawHeader[], value?: Buffer) => Promise<void>
} {
  const cluster = inMemoryCluster()
  const interruption = Promise.withResolvers<void>()
  const header = (name: string, value: string): RawHeader => [name, Buffer.from(value)]
  return {
    cluster,
    interrupt: () => interruption.resolve(),
    async tributary(...words) {
      let out = ''
      let error = ''
      const environment: CliEnvironment = {
        variables: { KAFKA_BROKERS: 'in-memory:1' },
        writeOut: (text) => {
          out += text
        },
        writeError: (text) => {
          error += text
        },
        connect: () => inMemoryDriver({ cluster }),
        interrupted: () => interruption.promise,
        workingDirectory: import.meta.dirname,
      }
      return { exitCode: await run(words, environment), out, error }
    },
    async deadLetter(id, more = [], value = Buffer.from('the event')) {
      const driver = inMemoryDriver({ cluster })
      const headers = [
        header(names.originTopic, 'orders'),
        header(names.originPartition, '0'),
        header(names.originOffset, '4'),
        header(names.originGroup, 'stock'),
        header(names.reason, 'attempts-exhausted'),
        header(names.errorClass, 'TypeError'),
        header(names.errorMessage, 'no such\nwarehouse'),
        header(names.attempts, '5'),
        header(names.failedAt, '2026-01-01T00:00:00.000Z'),
        ...more,
        header(headerNames.id, id),
        header(headerNames.type, 'order.placed'),
      ]
      const record = { key: Buffer.from(`key of ${id}`), value, headers, timestamp: 0 }
      await driver
        .createProducer({ clientId: 'test' })
        .append({ topic: DLQ, partition: 0 }, [record], { timeoutMs: 1_000 })
      await driver.close()
    },
  }
}
