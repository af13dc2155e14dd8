/**
 * What the bus needs of a logger; a pino logger satisfies it as it is. `fields` hold errors (`err`) and offsets (bigint, which `JSON.stringify` does not
 * take), and a call must not throw.
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
