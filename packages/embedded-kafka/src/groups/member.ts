import type { ErrorName } from '../protocol/error-codes.ts'
import type { Identity } from './roster.ts'

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest extends Identity {
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  /** Whether the client can come back with the id it is given (JoinGroup 4 and later). */
  readonly canAskAgain: boolean
  /** Whether a leader that comes back can be told not to assign anew (JoinGroup 9). */
  readonly canSkipAssignment: boolean
}

export interface JoinResult {
  readonly error: ErrorName
  readonly generationId: number
  /** Null while there is none. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string
  /** The leader's assignment from before stands: it came back under another id, and nothing else has changed. */
  readonly skipAssignment: boolean
  readonly memberId: string
  /** Everybody's subscription, for the leader alone; empty for the others. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[]
}

export interface SyncResult {
  readonly error: ErrorName
  readonly assignment: Buffer
}

const nothing = Buffer.alloc(0)

/** One consumer in a group, as its coordinator sees it. Answers that wait for others are kept here as functions. */
export class Member {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs = 0
  rebalanceTimeoutMs = 0
  protocols: readonly MemberProtocol[] = []
  assignment: Buffer = nothing
  /** Set while its JoinGroup waits for the other members. */
  answerJoin: ((result: JoinResult) => void) | undefined
  /** Set while its SyncGroup waits for the leader's assignment. */
  answerSync: ((result: SyncResult) => void) | undefined
  cancelSession: () => void = () => {}

  constructor(id: string, request: JoinRequest) {
    this.id = id
    this.groupInstanceId = request.groupInstanceId
    this.clientId = request.clientId
    this.clientHost = request.clientHost
    this.update(request)
  }

  update({ protocols, sessionTimeoutMs, rebalanceTimeoutMs }: JoinRequest): void {
    this.protocols = protocols
    this.sessionTimeoutMs = sessionTimeoutMs
    this.rebalanceTimeoutMs = rebalanceTimeoutMs
  }

  get isWaiting(): boolean {
    return this.answerJoin !== undefined || this.answerSync !== undefined
  }

  metadataFor(protocolName: string): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? nothing
  }

  /** Whether it says the same as before, so that nobody else needs to move. */
  speaksLike(protocols: readonly MemberProtocol[]): boolean {
    return (
      this.protocols.length === protocols.length &&
      this.protocols.every(({ name, metadata }, index) => {
        const other = protocols[index]
        return other?.name === name && other.metadata.equals(metadata)
      })
    )
  }

  joined(result: JoinResult): void {
    const answer = this.answerJoin
    this.answerJoin = undefined
    answer?.(result)
  }

  synced(error: ErrorName, assignment: Buffer = nothing): void {
    const answer = this.answerSync
    this.answerSync = undefined
    answer?.({ error, assignment })
  }

  /** It is no longer one of the group; whatever it waits for ends with that error, and with the id that it may come back with. */
  dismiss(error: ErrorName, memberId: string = this.id): void {
    this.cancelSession()
    this.joined(refusedJoin(error, memberId))
    this.synced(error)
  }
}

export function refusedJoin(error: ErrorName, memberId: string): JoinResult {
  return {
    error,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leaderId: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

export function newMemberId({ groupInstanceId, clientId }: JoinRequest): string {
  return `${groupInstanceId ?? clientId}-${crypto.randomUUID()}`
}
