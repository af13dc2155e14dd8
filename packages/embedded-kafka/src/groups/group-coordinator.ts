/** All groups of the cluster, and which broker coordinates each. */
import type { Cluster } from '../cluster/cluster.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { CommittedPartition } from './committed-offsets.ts'
import { Group } from './group.ts'

export class GroupCoordinator {
  readonly #cluster: Cluster
  readonly #groups = new Map<string, Group>()
  /** Who coordinates the groups that exist, and those that were moved on purpose. It stays so until that broker is gone. */
  readonly #placement = new Map<string, number>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  getOrCreate(groupId: string): Group {
    const present = this.#groups.get(groupId)
    if (present) return present
    const group = new Group(groupId, {
      clock: this.#cluster.clock,
      initialRebalanceDelayMs: this.#cluster.options.groupInitialRebalanceDelayMs,
      offsetJournal: this.#cluster.journal.offsetsOf(groupId),
    })
    this.#groups.set(groupId, group)
    this.#place(groupId)
    return group
  }

  delete(group: Group): void {
    group.offsets.forgetAll()
    group.end()
    this.#groups.delete(group.id)
    this.#placement.delete(group.id)
  }

  /** Groups of an earlier process, without members: those have to join again. */
  restore(offsets: ReadonlyMap<string, readonly CommittedPartition[]>): void {
    for (const [groupId, committed] of offsets) this.getOrCreate(groupId).offsets.restore(committed)
  }

  /** Undefined while no broker is up. Asking about a group that does not exist leaves no trace. */
  coordinatorOf(groupId: string): number | undefined {
    return this.#placement.get(groupId) ?? this.#preferred(groupId)
  }

  /** Why that broker cannot answer for the group, if it cannot. */
  fault(groupId: string, brokerId: number): ErrorName | undefined {
    if (groupId === '') return 'INVALID_GROUP_ID'
    return this.coordinatorOf(groupId) === brokerId ? undefined : 'NOT_COORDINATOR'
  }

  move(groupId: string, brokerId: number): void {
    if (this.coordinatorOf(groupId) === brokerId) return
    const group = this.#groups.get(groupId)
    group?.suspend('NOT_COORDINATOR')
    this.#placement.set(groupId, brokerId)
    group?.resume()
  }

  /** A broker is gone: its groups go to one that lives, or stand still until one does. */
  leave(brokerId: number): void {
    for (const [groupId, coordinator] of this.#placement) {
      if (coordinator !== brokerId) continue
      this.#placement.delete(groupId)
      const group = this.#groups.get(groupId)
      group?.suspend('NOT_COORDINATOR')
      if (this.#place(groupId)) group?.resume()
    }
  }

  /** A broker is back: it takes the groups that have no coordinator. */
  returned(): void {
    for (const group of this.#groups.values())
      if (!this.#placement.has(group.id) && this.#place(group.id)) group.resume()
  }

  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  end(): void {
    for (const group of this.#groups.values()) group.end()
  }

  #place(groupId: string): boolean {
    const coordinator = this.coordinatorOf(groupId)
    if (coordinator === undefined) return false
    this.#placement.set(groupId, coordinator)
    return true
  }

  /** Chosen by the group's name, the next one that lives where that broker is down. */
  #preferred(groupId: string): number | undefined {
    const { brokers } = this.#cluster
    const first = stableHash(groupId) % brokers.length
    return [...brokers.slice(first), ...brokers.slice(0, first)].find((broker) => broker.isUp)?.id
  }
}

function stableHash(text: string): number {
  let hash = 0
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash
}
