import type { StruckFault } from '../faults/strike.ts'
import type { ExecutionEnd } from '../journal/lines.ts'

/** A record on the source topic, as it was read from the log itself. */
export interface LogRecord {
  readonly partition: number
  readonly offset: number
  /** `stream/seq`. */
  readonly id: string
}

/** What a producer was told of an event. */
export type Publication =
  | { readonly id: string; readonly outcome: 'acknowledged'; readonly partition: number; readonly offset: number }
  | { readonly id: string; readonly outcome: 'not-written' | 'unknown'; readonly code: string }

/** One assignment of a partition to one process; times by the monotonic clock, in milliseconds. */
export interface Epoch {
  /** The process. */
  readonly life: string
  readonly partition: number
  readonly position: number
  readonly from: number
  /** When it was asked to hand the partition over; null when nobody asked. */
  readonly revokingAt: number | null
  readonly to: number
  readonly end: 'revoked' | 'lost' | 'process'
  /** When the process was frozen, if the epoch ended in that freeze or right after it. */
  readonly frozenAt: number | null
}

/** One run of the handler. */
export interface Execution {
  readonly epoch: Epoch
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly attempt: number
  readonly from: number
  /** The end of the process, where the handler did not come to its own. */
  readonly to: number
  readonly end: ExecutionEnd | 'cut'
}

export interface Commit {
  readonly at: number
  readonly partition: number
  readonly nextOffset: number
  readonly outcome: string
}

/** A record of the dead-letter topic: where it was before. */
export interface DeadLetter {
  readonly partition: number
  readonly offset: number
}

/** All that was seen from outside of the engine. */
export interface Evidence {
  readonly log: readonly LogRecord[]
  /** Events that producers say they have sent. */
  readonly sent: number
  readonly publications: readonly Publication[]
  /** By the moment of their start. */
  readonly executions: readonly Execution[]
  readonly epochs: readonly Epoch[]
  readonly commits: readonly Commit[]
  readonly deadLetters: readonly DeadLetter[]
  readonly faults: readonly StruckFault[]
  /** Records that the group had not committed when it was ended. */
  readonly uncommitted: bigint
  /** While producers published. */
  readonly served: { readonly from: number; readonly to: number }
}

export interface Check {
  readonly name: string
  readonly holds: boolean
  readonly detail: string
}

/** A name for one place on the log. */
export const placeOf = ({ partition, offset }: { partition: number; offset: number }): string =>
  `${partition}/${offset}`

/** A few culprits: enough to start looking. */
export function some(culprits: readonly string[]): string {
  if (culprits.length === 0) return ''
  return `: ${culprits.slice(0, 5).join('; ')}${culprits.length > 5 ? `; and ${culprits.length - 5} more` : ''}`
}

export const streamOf = (id: string): string => id.slice(0, id.lastIndexOf('/'))
export const seqOf = (id: string): number => Number(id.slice(id.lastIndexOf('/') + 1))
