/** All groups of the cluster, and which broker coordinates each. */
import type { Cluster } from '../cluster/cluster.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { Group } from './group.ts'

export class GroupCoordinator {
  readonly #cluster: Cluster
  readonly #groups = new Map<string, Group>()
  /** Where a group was placed when somebody first asked; it stays there until that broker is gone. */
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
    let group = this.#groups.get(groupId)
    if (!group) {
      group = new Group(groupId, {
        clock: this.#cluster.clock,
        initialRebalanceDelayMs: this.#cluster.options.groupInitialRebalanceDelayMs,
      })
      this.#groups.set(groupId, group)
    }
    return group
  }

  delete(group: Group): void {
    group.end()
    this.#groups.delete(group.id)
  }

  coordinatorOf(groupId: string): number | undefined {
    const placed = this.#placement.get(groupId)
    if (placed !== undefined) return placed
    const live = this.#cluster.liveBrokers
    if (live.length === 0) return undefined
    const chosen = live[stableHash(groupId) % live.length]?.id
    if (chosen !== undefined) this.#placement.set(groupId, chosen)
    return chosen
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
      if (this.coordinatorOf(groupId) !== undefined) group?.resume()
    }
  }

  /** A broker is back: it takes the groups that have no coordinator. */
  returned(): void {
    for (const group of this.#groups.values()) {
      if (this.#placement.has(group.id)) continue
      if (this.coordinatorOf(group.id) !== undefined) group.resume()
    }
  }

  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  end(): void {
    for (const group of this.#groups.values()) group.end()
  }
}

function stableHash(text: string): number {
  let hash = 0
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash
}
