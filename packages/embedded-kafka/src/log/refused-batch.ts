import type { ErrorName } from '../protocol/error-codes.ts'

/** A batch that is not appended, and the error that its producer is told. */
export class RefusedBatch extends Error {
  readonly error: ErrorName

  constructor(error: ErrorName, message: string) {
    super(message)
    this.name = 'RefusedBatch'
    this.error = error
  }
}
