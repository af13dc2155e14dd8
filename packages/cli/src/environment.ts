import type { Driver } from '@tributary/event-bus'

/** What a command has from outside, so that a test can give it something else. */
export interface CliEnvironment {
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  /** A driver for these brokers, `host:port` each. */
  readonly connect: (brokers: readonly string[]) => Driver
  /** Resolves when the user ends a command that runs until then. */
  readonly interrupted: () => Promise<void>
  /** What relative paths start from. */
  readonly workingDirectory: string
}

/** A command line that cannot be obeyed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Brokers from the option, else from KAFKA_BROKERS; comma-separated. */
export function brokersFrom(option: string | undefined, { variables }: CliEnvironment): string[] {
  const brokers = (option ?? variables['KAFKA_BROKERS'] ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  if (brokers.length > 0) return brokers
  throw new UsageError('which cluster? Give --brokers host:port[,host:port…] or set KAFKA_BROKERS.')
}
