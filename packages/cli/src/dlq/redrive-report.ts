import type { DeadLetter } from './dead-letter.ts'
import type { DeadLetterTopic } from './find-topics.ts'
import type { LeftBehindReason } from './redriven-record.ts'

export interface LeftBehind {
  readonly letter: DeadLetter
  readonly reason: LeftBehindReason
  readonly detail: string
}

/**
 * Why a run ended:
 * - `done`: everything that waited when it began was looked at.
 * - `limit`: it redrove as many as it was allowed to.
 * - `interrupted`: its signal aborted.
 * - `overtaken`: another redrive of these dead letters has begun, and goes on with them.
 * - `progress-full`: what was redriven and what was passed over alternate too often to be remembered. Redrive what was passed over.
 */
export type RedriveEnd = 'done' | 'limit' | 'interrupted' | 'overtaken' | 'progress-full'

export interface RedriveReport {
  readonly topics: DeadLetterTopic
  readonly isDryRun: boolean
  readonly ended: RedriveEnd
  readonly redriven: number
  /** The redriven ones, by the reason why they were given up. */
  readonly redrivenByReason: Readonly<Record<string, number>>
  readonly leftBehind: readonly LeftBehind[]
  /** Dead letters that the filter did not mean; they wait as before. */
  readonly passedOver: number
  /** Offsets with waiting dead letters that were not looked at. */
  readonly remaining: bigint
}
