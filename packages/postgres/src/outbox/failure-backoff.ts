import { errorMessage } from '../error-message.ts'
import type { LaneFailure } from './turn.ts'

const FIRST_WAIT_MS = 100
/** What heals by itself (Kafka away) is tried again soon after it has healed. */
const LONGEST_WAIT_MS = 5_000
/** What somebody must mend (a record too large, a refused write) is tried again now and then, so that mending is all it takes. */
const LONGEST_WAIT_UNTIL_MENDED_MS = 60_000

/** How long a lane waits after so many failures in a row. */
export function laneFailure(error: unknown, attempts: number): LaneFailure {
  const mustBeMended = typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === false
  const longestMs = mustBeMended ? LONGEST_WAIT_UNTIL_MENDED_MS : LONGEST_WAIT_MS
  return {
    attempts,
    message: errorMessage(error),
    waitMs: Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20)),
  }
}
