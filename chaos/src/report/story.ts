import { monotonicMs } from '../journal/journal.ts'

/** Tells what happens, as it happens: each line with the seconds since the story began. */
export interface Story {
  say(line: string): void
  /** A line without the time. */
  note(line: string): void
}

export function startStory(out: NodeJS.WritableStream): Story {
  const startedAt = monotonicMs()
  return {
    say: (line) => out.write(`${((monotonicMs() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}\n`),
    note: (line) => out.write(`${line}\n`),
  }
}
