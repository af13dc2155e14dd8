/** Who has come to a group, as its members were told: with the ids that one cluster chose. */
import { errorCodes } from '../../../src/protocol/error-codes.ts'
import { Pseudonyms } from '../../differential/comparable.ts'

export interface Member {
  readonly id: string
  readonly instanceId: string | null
  generationId: number
  protocolName: string | null
}

export interface JoinAnswer {
  readonly errorCode: number
  readonly memberId: string
  readonly generationId: number
  readonly protocolName: string | null
  readonly leader: string
}

/** Names instead of ids, in the order in which members heard their own. */
class Names extends Pseudonyms {
  readonly #members: readonly Member[]

  constructor(members: readonly Member[]) {
    super()
    this.#members = members
  }

  override of(kind: string, value: unknown): unknown {
    if (kind !== 'member' || value === '') return super.of(kind, value)
    const index = this.#members.findIndex(({ id }) => id === value)
    return index < 0 ? 'somebody' : `member ${index}`
  }
}

export class Members {
  readonly #known: Member[] = []
  readonly #gone = new Set<string>()
  readonly names: Pseudonyms = new Names(this.#known)
  leaderId = ''

  /** Those that are not known to have left, or to have been replaced. */
  get present(): readonly Member[] {
    return this.#known.filter(({ id }) => !this.#gone.has(id))
  }

  get past(): readonly Member[] {
    return this.#known.filter(({ id }) => this.#gone.has(id))
  }

  nameOf({ id }: Member): string {
    return `member ${this.#known.findIndex((each) => each.id === id)}`
  }

  static(instanceId: string | null): Member | undefined {
    return this.present.find((member) => instanceId !== null && member.instanceId === instanceId)
  }

  joined({ errorCode, memberId, generationId, protocolName, leader }: JoinAnswer, instanceId: string | null): void {
    if (errorCode !== errorCodes.NONE && errorCode !== errorCodes.MEMBER_ID_REQUIRED) return
    const known = this.#known.find(({ id }) => id === memberId)
    const member = known ?? { id: memberId, instanceId, generationId, protocolName }
    if (!known) {
      const predecessor = this.static(instanceId)
      if (predecessor) this.left(predecessor.id)
      this.#known.push(member)
    }
    if (errorCode !== errorCodes.NONE) return
    member.generationId = generationId
    member.protocolName = protocolName
    this.leaderId = leader
  }

  left(memberId: string): void {
    this.#gone.add(memberId)
  }
}
