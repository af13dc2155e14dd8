import path from 'node:path'
import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import type { CliEnvironment } from '../environment.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../terminal/output.ts'

export interface DevOptions {
  readonly port: number
  /** A directory for topics, records and commits; in memory without it. */
  readonly data?: string
  /** Whether a client that asks for an unknown topic gets one. Without it a misspelled name is an error, as in production. */
  readonly autoCreateTopics?: boolean
}

/** Runs a broker until the user ends it. */
export async function dev(environment: CliEnvironment, output: Output, options: DevOptions): Promise<number> {
  const startedAt = performance.now()
  const dataDir = options.data === undefined ? undefined : path.resolve(environment.workingDirectory, options.data)
  await using kafka = await startEmbeddedKafka({
    port: options.port,
    autoCreateTopics: options.autoCreateTopics ?? false,
    ...(dataDir === undefined ? {} : { dataDir }),
    warn: (message) => environment.writeError(`${message}\n`),
  })
  const brokers = kafka.bootstrapServers
  // Listening before it says that it is ready: whoever reads that line may interrupt it at once.
  const interrupted = environment.interrupted()
  output.result({ brokers })
  output.line(
    `ready in ${Math.round(performance.now() - startedAt)} ms: KAFKA_BROKERS=${brokers.join(',')} (${dataDir === undefined ? 'in memory' : `data in ${dataDir}`}, for development only; Ctrl-C ends it)`,
  )
  await interrupted
  return exitCodes.done
}
