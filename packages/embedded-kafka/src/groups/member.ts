import type { ErrorName } from '../protocol/error-codes.ts'

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinResult {
  readonly error: ErrorName
  readonly generationId: number
  readonly protocolName: string
  readonly leaderId: string
  readonly memberId: string
  /** Everybody's subscription, for the leader alone; empty for the others. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[]
}

export interface SyncResult {
  readonly error: ErrorName
  readonly assignment: Buffer
}

/** One consumer in a group, as its coordinator sees it. */
export interface Member {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly MemberProtocol[]
  assignment: Buffer
  /** Set while its JoinGroup waits for the others. */
  answerJoin: ((result: JoinResult) => void) | undefined
  /** Set while its SyncGroup waits for the leader's assignment. */
  answerSync: ((result: SyncResult) => void) | undefined
  cancelSession: () => void
}

/** Whether a rejoining member says the same as before, so that nobody else needs to move. */
export function speaksSame(member: Member, protocols: readonly MemberProtocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every((protocol, index) => {
      const other = protocols[index]
      return other !== undefined && other.name === protocol.name && other.metadata.equals(protocol.metadata)
    })
  )
}
