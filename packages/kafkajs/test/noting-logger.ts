import { type Logger, silentLogger } from '@tributary/event-bus'

/** Writes warnings down, with the fields of its parents. */
export function notingLogger(warnings: string[], bound: object = {}): Logger {
  return {
    ...silentLogger,
    warn: (fields, message) => void warnings.push(`${JSON.stringify({ ...bound, ...fields })} ${message}`),
    child: (fields) => notingLogger(warnings, { ...bound, ...fields }),
  }
}
