import type { ErrorName } from '../protocol/error-codes.ts'

/** A fenced producer is told so in a word of its own; clients of earlier versions know another one only. */
export function answeredError(error: ErrorName, isOldClient: boolean): ErrorName {
  return isOldClient && error === 'PRODUCER_FENCED' ? 'INVALID_PRODUCER_EPOCH' : error
}
