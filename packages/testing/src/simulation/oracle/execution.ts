import type { HandlerContext } from '@tributary/event-bus'
import type { ProcessWitness } from './process-witness.ts'
import type { Tenure } from './tenure.ts'

/** What handlers of single events and of batches know alike. */
export type AttemptView = Pick<HandlerContext, 'signal' | 'deadlineAt' | 'isFenced'>

/** One run of a handler with one record. */
export interface Execution {
  readonly witness: ProcessWitness
  readonly tenure: Tenure
  readonly offset: number
  readonly lane: string | null
  readonly context: AttemptView
  /** What runs together: the executions of a batch have the same one. */
  readonly together: readonly number[]
  /** When its signal aborted; null while it counts. */
  abortedAtMs: number | null
}
