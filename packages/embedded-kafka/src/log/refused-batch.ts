import type { ErrorName } from '../protocol/error-codes.ts'

/** A batch that is not appended, and the error that its producer is told. */
export class RefusedBatch extends Error {
  readonly error: ErrorName
  /** The positions in the batch of the records that are at fault, where single records are. */
  readonly records: readonly number[]

  constructor(error: ErrorName, message: string, records: readonly number[] = []) {
    super(message)
    this.name = 'RefusedBatch'
    this.error = error
    this.records = records
  }
}
