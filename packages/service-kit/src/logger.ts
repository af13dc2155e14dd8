import pino, { type Logger } from 'pino'

export interface LoggerOptions {
  readonly service: string
  readonly level: string
  /** Fields for every line, asked for when it is written: the trace it belongs to. */
  readonly mixin: () => object
}

/** JSON lines on standard output; levels by name, because numbers are read by nobody. */
export function createLogger({ service, level, mixin }: LoggerOptions): Logger {
  return pino({
    level,
    base: { service },
    mixin,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
}
