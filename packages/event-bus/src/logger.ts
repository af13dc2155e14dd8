import { inspect } from 'node:util'

/**
 * What the bus needs of a logger; a pino logger satisfies it as it is. `fields` hold errors (`err`) and offsets (bigint, which `JSON.stringify` does not
 * take); a line whose call throws is lost.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** A logger that adds `fields` to every line. */
  child(fields: Record<string, unknown>): Logger
}

/** Says nothing: the default, because a library does not write to a terminal that it was not given. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}

/** One line a call, to the terminal: level, message, fields. For a beginning, or a script; a service wants levels and JSON. */
export const consoleLogger: Logger = consoleLines({})

function consoleLines(bound: object): Logger {
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    const shown = { ...bound, ...(fields instanceof Error ? { err: fields } : fields) }
    // Takes what JSON does not: bigints, errors with their stacks and causes, circles. Only a stack brings line ends of its own.
    const text = inspect(shown, { depth: 6, compact: true, breakLength: Number.POSITIVE_INFINITY })
    console[level](`${level} ${message} ${text.replaceAll(/\s*\n\s*/g, ' ')}`)
  }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => consoleLines({ ...bound, ...fields }),
  }
}

/** The user's logger behind a guard: what it throws ends there. Lines are written in the middle of settling and heartbeating, which must go on. */
export function guardedLogger(logger: Logger): Logger {
  const guarded = (write: () => void): void => {
    try {
      write()
    } catch {
      // There is nowhere left to say it.
    }
  }
  return {
    debug: (fields, message) => guarded(() => logger.debug(fields, message)),
    info: (fields, message) => guarded(() => logger.info(fields, message)),
    warn: (fields, message) => guarded(() => logger.warn(fields, message)),
    error: (fields, message) => guarded(() => logger.error(fields, message)),
    child(fields) {
      let child = logger
      guarded(() => {
        child = logger.child(fields)
      })
      return guardedLogger(child)
    },
  }
}
