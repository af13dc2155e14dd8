import { type Evidence, placeOf } from './evidence.ts'

/**
 * When each record was first done with for the group: a handler returned, or, of a record that lies in the dead-letter topic, its last attempt before that
 * failed for the first time. By `partition/offset`; records that were never done with are missing.
 *
 * What a process did after its partition was lost counts here only if its handler still believed in it; I2 looks at that more closely.
 */
export function settledAt({ executions, deadLetters }: Evidence): Map<string, number> {
  const given = new Set(deadLetters.map(placeOf))
  const settled = new Map<string, number>()
  for (const execution of executions) {
    const place = placeOf(execution)
    const isDone =
      execution.end === 'success' ||
      (execution.end === 'failed' && execution.attempt >= GIVEN_UP_AFTER && given.has(place))
    if (isDone) settled.set(place, Math.min(settled.get(place) ?? Number.POSITIVE_INFINITY, execution.to))
  }
  return settled
}

/** Attempts that the members' failure policy allows. */
const GIVEN_UP_AFTER = 3
