import type { Stamp } from './journal.ts'

/** One line for each event that a producer has sent, when it knows what became of it. */
export type ProducerLine = Stamp &
  (
    | { readonly what: 'published'; readonly id: string; readonly partition: number; readonly offset: number }
    | {
        readonly what: 'rejected'
        readonly id: string
        readonly outcome: 'not-written' | 'unknown'
        readonly code: string
      }
    | { readonly what: 'closed'; readonly sent: number }
  )

/** What a member of the group does with one record, and what its driver and engine say to each other about partitions and commits. */
export type MemberLine = Stamp &
  (
    | ExecutionStart
    | { readonly what: 'end'; readonly execution: number; readonly outcome: ExecutionEnd }
    | { readonly what: 'assigned'; readonly partition: number; readonly position: number }
    | { readonly what: 'revoking' | 'revoked' | 'lost'; readonly partition: number }
    | {
        readonly what: 'commit'
        readonly partition: number
        readonly nextOffset: number
        readonly outcome: 'committed' | 'fenced' | 'metadata-refused' | 'failed'
      }
  )

export interface ExecutionStart {
  readonly what: 'start'
  /** Counted by the process. */
  readonly execution: number
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly attempt: number
}

/** `aborted`: the signal said that the partition is gone, and the handler obeyed. */
export type ExecutionEnd = 'success' | 'failed' | 'aborted'
