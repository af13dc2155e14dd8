/** Who is in a group, and who may speak as whom. Refusals are Kafka's, word for word. */
import { awayEpoch, ConsumerMember } from './consumer-member.ts'
import { GroupRefusal } from './group-refusal.ts'
import type { Heartbeat } from './heartbeat.ts'
import { keysOf } from './partition-key.ts'

export class Membership {
  readonly #groupId: string
  readonly #members = new Map<string, ConsumerMember>()

  constructor(groupId: string) {
    this.#groupId = groupId
  }

  get all(): readonly ConsumerMember[] {
    return [...this.#members.values()]
  }

  get size(): number {
    return this.#members.size
  }

  get(memberId: string): ConsumerMember | undefined {
    return this.#members.get(memberId)
  }

  add(member: ConsumerMember): void {
    this.#members.set(member.id, member)
  }

  remove(member: ConsumerMember): void {
    this.#members.delete(member.id)
  }

  /**
   * The member that a heartbeat comes from: for one that joins a new one, which is not among the members yet.
   * `replaced` is the static member whose place it takes.
   *
   * @throws {GroupRefusal}
   */
  speaker(beat: Heartbeat): { member: ConsumerMember; replaced?: ConsumerMember } {
    const { memberId, memberEpoch, instanceId } = beat
    if (memberEpoch !== 0) {
      const member = this.known(memberId, instanceId)
      throwIfEpochIsInvalid(member, beat)
      return { member }
    }
    const present = instanceId === null ? undefined : this.#static(instanceId)
    if (!present) return { member: this.#members.get(memberId) ?? new ConsumerMember(memberId, instanceId) }
    if (present.epoch !== awayEpoch)
      throw new GroupRefusal(
        'UNRELEASED_INSTANCE_ID',
        `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${present.id} member.`,
      )
    return { member: ConsumerMember.replacing(present, memberId), replaced: present }
  }

  /**
   * @param anyId whether the instance id is enough
   * @throws {GroupRefusal} when nobody goes by that id, or somebody else goes by that instance id.
   */
  known(memberId: string, instanceId: string | null, anyId = false): ConsumerMember {
    if (instanceId === null) {
      const member = this.#members.get(memberId)
      if (member) return member
      throw new GroupRefusal('UNKNOWN_MEMBER_ID', `Member ${memberId} is not a member of group ${this.#groupId}.`)
    }
    const member = this.#static(instanceId)
    if (!member) throw new GroupRefusal('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown.`)
    if (member.id === memberId || anyId) return member
    throw new GroupRefusal(
      'FENCED_INSTANCE_ID',
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.id}.`,
    )
  }

  #static(instanceId: string): ConsumerMember | undefined {
    return this.all.find((member) => member.instanceId === instanceId)
  }
}

function throwIfEpochIsInvalid({ progress }: ConsumerMember, { memberEpoch, owned }: Heartbeat): void {
  const { epoch, previousEpoch, assigned } = progress
  if (memberEpoch === epoch) return
  // The answer with the new epoch was lost: the member still speaks with the one before, and can have nothing that is not its own.
  const missedAnswer = memberEpoch === previousEpoch && owned !== null
  if (memberEpoch < epoch && missedAnswer && [...keysOf(owned)].every((key) => assigned.has(key))) return
  const relation = memberEpoch > epoch ? 'greater' : 'smaller'
  throw new GroupRefusal(
    'FENCED_MEMBER_EPOCH',
    `The consumer group member has a ${relation} member epoch (${memberEpoch}) than the one known by the group coordinator (${epoch}). The member must abandon all its partitions and rejoin.`,
  )
}
