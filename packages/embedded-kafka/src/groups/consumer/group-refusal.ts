import type { ErrorName } from '../../protocol/error-codes.ts'

/** The coordinator refuses what a member asks, by a name of the protocol and with Kafka's own sentence. */
export class GroupRefusal extends Error {
  readonly error: ErrorName

  constructor(error: ErrorName, message: string) {
    super(message)
    this.name = 'GroupRefusal'
    this.error = error
  }
}
