import type { AssignedMember, Assignor } from './assignor.ts'
import { type PartitionKey, partitionKey, topicIdOf } from './partition-key.ts'

/**
 * As many partitions for each member as its subscription allows, and among the ways to do so one that moves little.
 *
 * What members had stays; what nobody has goes to the reader with the fewest. Then partitions move along chains of
 * members, from one with many to one that has at least two less, until there is no such chain: with different
 * subscriptions a single move may not be possible where a chain is. (A may give to B, and B to C.)
 */
export const assignUniformly: Assignor = (members, partitionCounts) => {
  const shares = members.map((member) => new Share(member, partitionCounts))
  const taken = new Set(shares.flatMap((share) => [...share.partitions]))
  for (const [topicId, count] of partitionCounts) {
    const readers = shares.filter((share) => share.reads(topicId))
    if (readers.length === 0) continue
    for (let partition = 0; partition < count; partition++) {
      const key = partitionKey(topicId, partition)
      if (!taken.has(key)) smallest(readers).add(key)
    }
  }
  for (let chain = unevenChain(shares); chain; chain = unevenChain(shares)) moveAlong(chain)
  return new Map(shares.map((share) => [share.member.id, share.partitions]))
}

class Share {
  readonly member: AssignedMember
  readonly partitions = new Set<PartitionKey>()
  /** How many of each topic, to know without a search what it could give. */
  readonly #counts = new Map<string, number>()

  constructor(member: AssignedMember, partitionCounts: ReadonlyMap<string, number>) {
    this.member = member
    for (const key of member.target) {
      const topicId = topicIdOf(key)
      const partition = Number(key.slice(topicId.length + 1))
      if (this.reads(topicId) && partition < (partitionCounts.get(topicId) ?? 0)) this.add(key)
    }
  }

  get size(): number {
    return this.partitions.size
  }

  reads(topicId: string): boolean {
    return this.member.topicIds.has(topicId)
  }

  add(key: PartitionKey): void {
    this.partitions.add(key)
    this.#count(key, 1)
  }

  canGiveTo(other: Share): boolean {
    for (const [topicId, count] of this.#counts) if (count > 0 && other.reads(topicId)) return true
    return false
  }

  /** The last one that the other reads, so that the first ones stay together. */
  giveTo(other: Share): void {
    const key = [...this.partitions].findLast((each) => other.reads(topicIdOf(each)))
    if (key === undefined) return
    this.partitions.delete(key)
    this.#count(key, -1)
    other.add(key)
  }

  #count(key: PartitionKey, by: number): void {
    const topicId = topicIdOf(key)
    this.#counts.set(topicId, (this.#counts.get(topicId) ?? 0) + by)
  }
}

/** From a share to one that is at least two smaller, each of which can give to the next: from the largest to the smallest. */
function unevenChain(shares: readonly Share[]): readonly Share[] | undefined {
  const ascending = shares.toSorted((one, other) => one.size - other.size)
  const least = ascending[0]?.size ?? 0
  for (const from of ascending.toReversed()) {
    if (from.size - least < 2) return undefined
    const chain = shortestChain(from, ascending)
    if (chain) return chain
  }
  return undefined
}

function shortestChain(from: Share, ascending: readonly Share[]): readonly Share[] | undefined {
  const before = new Map<Share, Share | undefined>([[from, undefined]])
  for (const giver of before.keys())
    for (const taker of ascending) {
      if (before.has(taker) || !giver.canGiveTo(taker)) continue
      before.set(taker, giver)
      if (from.size - taker.size < 2) continue
      const chain: Share[] = []
      for (let link: Share | undefined = taker; link; link = before.get(link)) chain.unshift(link)
      return chain
    }
  return undefined
}

function moveAlong(chain: readonly Share[]): void {
  // From the far end, so that nobody passes on what it has just received.
  for (let index = chain.length - 1; index > 0; index--) chain[index - 1]?.giveTo(chain[index] as Share)
}

function smallest(shares: readonly Share[]): Share {
  return shares.reduce((least, share) => (share.size < least.size ? share : least))
}
