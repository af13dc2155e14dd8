import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** When a line was written. */
export interface Stamp {
  /** Milliseconds by the machine's monotonic clock: comparable between processes, untouched by changes of the time of day. */
  readonly at: number
  /** Milliseconds since the Unix epoch, for people. */
  readonly wall: number
}

/** A line as the writer gives it, without its stamp; each member of a union for itself. */
type Unstamped<Line> = Line extends Stamp ? Omit<Line, keyof Stamp> : never

/** The machine's monotonic clock in milliseconds. `performance.now()` counts from the start of a process, and cannot be compared with another one's. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/**
 * What a process has to say to the oracle. Each line is one write to a file opened for appending: it is there when `note` returns, whole, and stays there
 * when the process is killed a moment later. (Only the machine itself could lose it: nothing is synced to disk.)
 */
export class Journal<Line extends Stamp> {
  readonly #descriptor: number

  constructor(file: string) {
    this.#descriptor = openSync(file, 'a')
  }

  note(line: Unstamped<Line>): void {
    writeSync(this.#descriptor, `${JSON.stringify({ at: monotonicMs(), wall: Date.now(), ...line })}\n`)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** Every whole line of a journal, also of one that is still being written. */
export function readJournal<Line extends Stamp>(file: string): Line[] {
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole === ''
    ? []
    : whole
        .trimEnd()
        .split('\n')
        .map((line): Line => JSON.parse(line))
}
