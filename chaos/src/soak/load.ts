export interface SoakSettings {
  readonly brokers: readonly string[]
  readonly group: string
  readonly perSecond: number
  /** How long it publishes, in milliseconds. It handles until it is ended. */
  readonly publishMs: number
  readonly sampleEveryMs: number
  readonly journalFile: string
}

const STREAMS = 1_000

/** The nth event of a soak, from 0: the streams take turns. */
export function nthEvent(n: number): { stream: string; seq: number } {
  return { stream: `s${n % STREAMS}`, seq: Math.floor(n / STREAMS) }
}
