import type { Logger } from 'pino'

export interface RunningService {
  /** Where it serves HTTP. */
  readonly port: number
  /** Resolves when the service cannot go on, with the reason. Never resolves otherwise. */
  readonly failed: Promise<Error>
}

export interface RunServiceOptions {
  readonly logger: Logger
  /**
   * Starts the service. Whatever it starts it pushes onto `closing`, which is closed in reverse: what was started last, and depends on all the rest,
   * stops first.
   */
  readonly start: (closing: AsyncDisposableStack) => Promise<RunningService>
  /** How long closing may take before the process ends all the same, in milliseconds. @defaultValue 30000 */
  readonly closeWithinMs?: number
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** What a shell reports of a process that a signal ended. */
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 }

/**
 * The life of a service's process: starts it, says `ready` in one line, waits for SIGTERM or SIGINT, closes in order and ends with status 0. A second
 * signal ends it at once. Ends with status 1 when it cannot start, fails, or does not close in time.
 */
export async function runService({ logger, start, closeWithinMs = 30_000 }: RunServiceOptions): Promise<never> {
  const asked = Promise.withResolvers<string>()
  let isAsked = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isAsked) process.exit(EXIT_CODES[signal])
      isAsked = true
      asked.resolve(signal)
    })
  }
  let status = 0
  const closing = new AsyncDisposableStack()
  try {
    const { port, failed } = await start(closing)
    logger.info({ port, pid: process.pid }, 'ready')
    const end = await Promise.race([asked.promise, failed])
    if (end instanceof Error) throw end
    logger.info({ signal: end }, 'closing')
  } catch (error) {
    status = 1
    logger.fatal({ err: error }, 'the service cannot go on')
  }
  const watchdog = setTimeout(() => {
    logger.fatal({ closeWithinMs }, 'closing took too long; what was under way is done again after the next start')
    process.exit(1)
  }, closeWithinMs)
  try {
    await closing.disposeAsync()
  } catch (error) {
    status = 1
    logger.error({ err: error }, 'not everything closed cleanly')
  }
  clearTimeout(watchdog)
  logger.info({ status }, 'closed')
  process.exit(status)
}
