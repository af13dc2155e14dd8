import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import type { CliEnvironment } from '../environment.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../terminal/output.ts'

/** Runs a broker in memory until the user ends it. */
export async function dev(
  environment: CliEnvironment,
  output: Output,
  options: { readonly port: number },
): Promise<number> {
  const startedAt = performance.now()
  await using kafka = await startEmbeddedKafka({
    port: options.port,
    autoCreateTopics: false,
    warn: (message) => environment.writeError(`${message}\n`),
  })
  const brokers = kafka.bootstrapServers
  // Listening before it says that it is ready: whoever reads that line may interrupt it at once.
  const interrupted = environment.interrupted()
  output.result({ brokers })
  output.line(
    `ready in ${Math.round(performance.now() - startedAt)} ms: KAFKA_BROKERS=${brokers.join(',')} (in memory, for development only; Ctrl-C ends it)`,
  )
  await interrupted
  return exitCodes.done
}
