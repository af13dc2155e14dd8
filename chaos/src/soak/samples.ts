import type { Stamp } from '../journal/journal.ts'

/** What the soaked service says of itself every now and then. Sizes in bytes, counts since its start. */
export interface Sample extends Stamp {
  /** Resident set. */
  readonly rss: number
  /** JavaScript objects alive, right after a full collection. */
  readonly heapUsed: number
  /** Buffers. */
  readonly external: number
  readonly published: number
  readonly rejected: number
  /** Handlers that returned. */
  readonly handled: number
  /** Records between what is settled and the end of the log. */
  readonly lag: number
  /** Processor time, in milliseconds. */
  readonly cpuMs: number
  /** From when an event was published until its handler began, in milliseconds: the worst since the sample before. */
  readonly worstDelayMs: number
}
