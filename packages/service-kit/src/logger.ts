import pino, { type Logger } from 'pino'

export interface LoggerOptions {
  readonly service: string
  readonly level: string
  /** Fields for every line, asked for when it is written: the trace it belongs to. */
  readonly mixin: () => object
}

/** JSON lines on standard output; levels by name, because numbers are read by nobody. */
export function createLogger({ service, level, mixin }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    mixin,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  // Written before the next statement runs. Otherwise the last lines of a process that exits overtake one that is still on its way, or that one is lost.
  return pino(options, pino.destination({ fd: 1, sync: true }))
}
