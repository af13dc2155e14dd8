import { GroupProtocolError } from '@tributary/event-bus'
import { BrokerError, code, isRetriable, publicError } from '../wire/failures.ts'

/** The coordinator goes on without us: whatever we owned may belong to somebody else already. */
export class MembershipLostError extends Error {
  /** False when the coordinator no longer knows the member id. */
  readonly keepsMemberId: boolean

  constructor(message: string, options: ErrorOptions & { keepsMemberId: boolean }) {
    super(message, options)
    this.name = 'MembershipLostError'
    this.keepsMemberId = options.keepsMemberId
  }
}

/** What an error code in an answer to a group request means for the membership. */
export function groupError(kafkaCode: number, group: string, doing: string): Error {
  const error = new BrokerError(kafkaCode, `group ${group}, ${doing}`)
  switch (kafkaCode) {
    case code.unknownMemberId:
      return new MembershipLostError(error.message, { keepsMemberId: false, cause: error })
    case code.illegalGeneration:
      return new MembershipLostError(error.message, { keepsMemberId: true, cause: error })
    case code.inconsistentGroupProtocol:
      return new GroupProtocolError(
        `group ${group} is served by members that speak another assignment protocol: stop them all, then start this one. Their committed offsets stay.`,
        { cause: error },
      )
    case code.fencedInstanceId:
      // Joining again would throw out the one that threw us out, and so on for ever.
      return new GroupProtocolError(
        `group ${group}: another process has joined with the same \`instanceId\` and replaced this one: give each process its own`,
        { cause: error },
      )
    default:
      return error
  }
}

/** Whether joining again may help. */
export function mayRejoin(error: unknown): boolean {
  return error instanceof MembershipLostError || isRetriable(error)
}

/** For `status().lastError` and `onFailed`. */
export function groupFailure(error: unknown): Error {
  return error instanceof MembershipLostError ? error : publicError(error)
}
