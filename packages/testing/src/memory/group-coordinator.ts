import type { CommittedOffset, TopicPartition } from '@tributary/event-bus'
import { type AssignableMember, assignPartitions, partitionId } from './assignment.ts'

/** A membership as the coordinator needs it. */
export interface GroupMember extends AssignableMember {
  /** The generation it takes part in from now on. */
  enterGeneration(generation: number): void
  /** These partitions are its own from now on. */
  gain(partitions: readonly TopicPartition[]): void
  /** Gives these partitions up; resolves when it has, or is no member any more. */
  giveUp(partitions: readonly TopicPartition[]): Promise<void>
}

/**
 * One consumer group: who belongs to it, who owns what, what is committed. Rebalances are cooperative (KIP-429): nobody is given a partition
 * that another still holds, and what stays is not touched.
 */
export class GroupCoordinator {
  readonly #partitionCount: (topic: string) => number
  readonly #members = new Map<string, GroupMember>()
  readonly #offsets = new Map<string, TopicPartition & CommittedOffset>()
  #generation = 0
  #isRebalanceDue = false
  #isRebalancing = false

  constructor(partitionCount: (topic: string) => number) {
    this.#partitionCount = partitionCount
  }

  get memberIds(): string[] {
    return [...this.#members.keys()]
  }

  has(member: GroupMember): boolean {
    return this.#members.get(member.id) === member
  }

  join(member: GroupMember): void {
    this.#members.set(member.id, member)
    this.rebalance()
  }

  leave(member: GroupMember): void {
    if (!this.has(member)) return
    this.#members.delete(member.id)
    this.rebalance()
  }

  /** The members or the partitions have changed. */
  rebalance(): void {
    this.#isRebalanceDue = true
    if (this.#isRebalancing) return
    this.#isRebalancing = true
    // Not in the caller's turn: members that join together then share their first generation.
    queueMicrotask(() => void this.#run())
  }

  commit(offset: TopicPartition & CommittedOffset): void {
    this.#offsets.set(partitionId(offset), offset)
  }

  committed(partition: TopicPartition): CommittedOffset | null {
    const stored = this.#offsets.get(partitionId(partition))
    return stored ? { nextOffset: stored.nextOffset, metadata: stored.metadata } : null
  }

  allCommitted(): (TopicPartition & CommittedOffset)[] {
    return [...this.#offsets.values()].sort((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    )
  }

  /** Offsets of a deleted topic mean nothing for one of the same name that comes later. */
  forgetTopic(topic: string): void {
    for (const [id, offset] of this.#offsets) if (offset.topic === topic) this.#offsets.delete(id)
  }

  async #run(): Promise<void> {
    while (this.#isRebalanceDue) {
      this.#isRebalanceDue = false
      const target = assignPartitions([...this.#members.values()], this.#partitionCount)
      this.#giveWhatIsFree(target)
      const leaving = [...this.#members.values()].map((member) => ({ member, surplus: surplusOf(member, target) }))
      const moving = leaving.filter(({ surplus }) => surplus.length > 0)
      if (moving.length === 0) continue
      await Promise.all(moving.map(({ member, surplus }) => member.giveUp(surplus)))
      // Somebody joined or left meanwhile: this target names the wrong members, the next round computes another.
      if (!this.#isRebalanceDue) this.#giveWhatIsFree(target)
    }
    this.#isRebalancing = false
  }

  #giveWhatIsFree(target: ReadonlyMap<string, readonly TopicPartition[]>): void {
    this.#generation += 1
    const members = [...this.#members.values()]
    const held = new Set(members.flatMap(({ owned }) => owned.map(partitionId)))
    for (const member of members) member.enterGeneration(this.#generation)
    for (const member of members) {
      const gained = (target.get(member.id) ?? []).filter((partition) => !held.has(partitionId(partition)))
      if (gained.length > 0) member.gain(gained)
    }
  }
}

function surplusOf(member: GroupMember, target: ReadonlyMap<string, readonly TopicPartition[]>): TopicPartition[] {
  const kept = new Set(target.get(member.id)?.map(partitionId))
  return member.owned.filter((partition) => !kept.has(partitionId(partition)))
}
