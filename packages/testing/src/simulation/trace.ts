import type { Clock } from '@tributary/event-bus'

/** What happened, in order, for people. Lines are made only when somebody wants to read them: most runs go well. */
export class Trace {
  readonly lines: string[] = []
  readonly #clock: Clock
  readonly isWanted: boolean

  constructor(clock: Clock, isWanted: boolean) {
    this.#clock = clock
    this.isWanted = isWanted
  }

  note(line: () => string): void {
    if (!this.isWanted) return
    this.lines.push(`t=${(this.#clock.monotonic() / 1000).toFixed(3)}s  ${line()}`)
  }

  /** The same for the same course of events: FNV-1a over all lines. */
  hash(): string {
    let hash = 0x811c9dc5
    for (const line of this.lines) {
      for (let index = 0; index < line.length; index += 1) {
        hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193)
      }
    }
    return (hash >>> 0).toString(16).padStart(8, '0')
  }
}
