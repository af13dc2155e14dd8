import { BatchOutcomesInvalidError } from '../../errors.ts'
import { isSkip } from '../definition/handler.ts'

/** What became of one record of a batch. */
export type RecordOutcome =
  | { readonly kind: 'acked' | 'skipped' }
  | { readonly kind: 'failed'; readonly thrown: unknown }

const acked: RecordOutcome = { kind: 'acked' }
const skipped: RecordOutcome = { kind: 'skipped' }

/**
 * Reads what a batch handler has returned, as one outcome for each of its `count` records. What cannot be meant fails all of them: to guess would be to lose a
 * record. Never throws, whatever was returned.
 */
export function batchOutcomes(returned: unknown, count: number): readonly RecordOutcome[] {
  try {
    if (isSkip(returned)) return allOf(count, skipped)
    if (Array.isArray(returned)) return eachOf(returned, count)
    // An Error that was returned and not thrown would be an acknowledgement of what failed.
    if (returned instanceof Error) {
      throw new BatchOutcomesInvalidError(
        'the handler returned an Error: throw it, or return one outcome for each event',
        {
          cause: returned,
        },
      )
    }
    return allOf(count, acked)
  } catch (thrown) {
    return allFailed(count, thrown)
  }
}

/** The handler threw: all have failed with that. */
export function allFailed(count: number, thrown: unknown): readonly RecordOutcome[] {
  return allOf(count, { kind: 'failed', thrown })
}

function eachOf(returned: readonly unknown[], count: number): readonly RecordOutcome[] {
  if (returned.length !== count) {
    throw new BatchOutcomesInvalidError(`the handler returned ${returned.length} outcomes for ${count} events`)
  }
  return Array.from(returned, (outcome, index) => {
    if (outcome === undefined) return acked
    if (isSkip(outcome)) return skipped
    if (outcome instanceof Error) return { kind: 'failed', thrown: outcome }
    throw new BatchOutcomesInvalidError(
      `the outcome at index ${index} is neither undefined nor skip(reason) nor an Error`,
    )
  })
}

function allOf(count: number, outcome: RecordOutcome): readonly RecordOutcome[] {
  return Array.from({ length: count }, () => outcome)
}
