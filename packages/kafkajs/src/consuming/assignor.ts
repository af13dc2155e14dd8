import type { TopicPartition } from '@tributary/event-bus'
import type { Subscription } from './group-protocol.ts'

export interface Member extends Subscription {
  readonly memberId: string
}

/** Partitions of a topic; 0 for one that does not exist. */
export type PartitionCount = (topic: string) => number

/**
 * Who shall own what: everybody keeps what they have as far as balance allows, nobody gets a topic they did not ask for, and no two members differ
 * by more than one partition where their topics allow it. The same members in any order give the same result.
 */
export function assignSticky(
  members: readonly Member[],
  partitionCount: PartitionCount,
): Map<string, TopicPartition[]> {
  const sorted = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const loads = new Map(sorted.map((member) => [member.memberId, new Load(member)]))
  const owners = keepOwners(sorted, partitionCount)
  const free: TopicPartition[] = []
  for (const topic of new Set(sorted.flatMap((member) => member.topics))) {
    for (let partition = 0; partition < partitionCount(topic); partition++) {
      const owner = loads.get(owners.get(keyOf({ topic, partition })) ?? '')
      if (owner === undefined) free.push({ topic, partition })
      else owner.add(topic, partition)
    }
  }
  for (const { topic, partition } of free)
    leastOf(
      [...loads.values()].filter((load) => load.reads(topic)),
      topic,
    )?.add(topic, partition)
  balance([...loads.values()])
  return new Map([...loads].map(([memberId, load]) => [memberId, load.partitions()]))
}

/**
 * The part of `target` that can be handed out now: a partition that another member still claims is given to nobody in this round. Its owner sees
 * that it shall give it up, drains, and joins again without it; then it is free.
 */
export function withholdClaimed(
  target: ReadonlyMap<string, readonly TopicPartition[]>,
  members: readonly Member[],
): Map<string, TopicPartition[]> {
  const claims = new Map<string, Set<string>>()
  for (const { memberId, owned } of members) {
    for (const partition of owned) {
      const key = keyOf(partition)
      claims.set(key, (claims.get(key) ?? new Set()).add(memberId))
    }
  }
  const isFreeFor = (memberId: string, partition: TopicPartition): boolean => {
    const claimants = claims.get(keyOf(partition))
    return claimants === undefined || (claimants.size === 1 && claimants.has(memberId))
  }
  return new Map(
    [...target].map(([memberId, partitions]) => [
      memberId,
      partitions.filter((partition) => isFreeFor(memberId, partition)),
    ]),
  )
}

/** Of two members that claim one partition, the one that got it in the later generation is right; of the same generation, neither is. */
function keepOwners(members: readonly Member[], partitionCount: PartitionCount): Map<string, string> {
  const best = new Map<string, { memberId: string; generation: number }>()
  for (const { memberId, topics, owned, generation } of members) {
    for (const partition of owned) {
      if (!topics.includes(partition.topic) || partition.partition >= partitionCount(partition.topic)) continue
      const key = keyOf(partition)
      const other = best.get(key)
      if (other === undefined || generation > other.generation) best.set(key, { memberId, generation })
      else if (generation === other.generation) best.set(key, { memberId: '', generation })
    }
  }
  return new Map([...best].map(([key, { memberId }]) => [key, memberId]))
}

/**
 * Moves partitions along the shortest chain of members from one that has two more than the last of the chain, until there is none. One at a time and from whoever
 * has most then: emptied at one go, the first would give away what the next has to give back to it.
 */
function balance(loads: readonly Load[]): void {
  for (let chain = chainFromHeaviest(loads); chain !== null; chain = chainFromHeaviest(loads)) {
    for (let link = chain.length - 2; link >= 0; link--) moveOne(chain[link] as Load, chain[link + 1] as Load)
  }
}

function chainFromHeaviest(loads: readonly Load[]): Load[] | null {
  for (const from of loads.toSorted((a, b) => b.size - a.size)) {
    const chain = chainToLighter(from, loads)
    if (chain !== null) return chain
  }
  return null
}

function chainToLighter(from: Load, loads: readonly Load[]): Load[] | null {
  const cameFrom = new Map<Load, Load | null>([[from, null]])
  const queue = [from]
  let best: Load | null = null
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (next.size + 1 < from.size && (best === null || next.size < best.size)) best = next
    for (const candidate of loads) {
      if (cameFrom.has(candidate) || !next.canGiveTo(candidate)) continue
      cameFrom.set(candidate, next)
      queue.push(candidate)
    }
  }
  if (best === null) return null
  const chain: Load[] = []
  for (let link: Load | null = best; link !== null; link = cameFrom.get(link) ?? null) chain.unshift(link)
  return chain
}

function moveOne(from: Load, to: Load): void {
  const moved = from.giveTo(to)
  if (moved !== null) to.add(moved.topic, moved.partition)
}

/** What one member will own. */
class Load {
  size = 0
  readonly #member: Member
  readonly #previously: ReadonlySet<string>
  readonly #byTopic = new Map<string, number[]>()

  constructor(member: Member) {
    this.#member = member
    this.#previously = new Set(member.owned.map(keyOf))
  }

  reads(topic: string): boolean {
    return this.#member.topics.includes(topic)
  }

  add(topic: string, partition: number): void {
    this.#byTopic.set(topic, [...(this.#byTopic.get(topic) ?? []), partition])
    this.size++
  }

  canGiveTo(other: Load): boolean {
    return [...this.#byTopic].some(([topic, partitions]) => partitions.length > 0 && other.reads(topic))
  }

  countOf(topic: string): number {
    return this.#byTopic.get(topic)?.length ?? 0
  }

  /** Preferably one that the other had before or that was not ours, and of the topic of which we have most more than the other. */
  giveTo(other: Load): TopicPartition | null {
    const shared = [...this.#byTopic].filter(([topic, partitions]) => partitions.length > 0 && other.reads(topic))
    const lead = (topic: string): number => this.countOf(topic) - other.countOf(topic)
    shared.sort(([a], [b]) => lead(b) - lead(a))
    const candidates = shared.flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })).reverse(),
    )
    const chosen =
      candidates.find((each) => other.#previously.has(keyOf(each))) ??
      candidates.find((each) => !this.#previously.has(keyOf(each))) ??
      candidates[0]
    if (chosen === undefined) return null
    const rest = this.#byTopic.get(chosen.topic)?.filter((partition) => partition !== chosen.partition) ?? []
    this.#byTopic.set(chosen.topic, rest)
    this.size--
    return chosen
  }

  partitions(): TopicPartition[] {
    return [...this.#byTopic].flatMap(([topic, partitions]) =>
      partitions.toSorted((a, b) => a - b).map((partition) => ({ topic, partition })),
    )
  }
}

/** The one with the fewest partitions; of several, with the fewest of that topic. */
function leastOf(loads: readonly Load[], topic: string): Load | undefined {
  return loads.toSorted((a, b) => a.size - b.size || a.countOf(topic) - b.countOf(topic))[0]
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`
}
