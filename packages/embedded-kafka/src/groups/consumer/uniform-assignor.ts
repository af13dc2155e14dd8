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
      if (!taken.has(key)) smallest(readers).add(topicId, key)
    }
  }
  for (let chain = unevenChain(shares); chain; chain = unevenChain(shares)) moveAlong(chain)
  return new Map(shares.map((share) => [share.member.id, share.partitions]))
}

class Share {
  readonly member: AssignedMember
  size = 0
  readonly #byTopic = new Map<string, PartitionKey[]>()

  constructor(member: AssignedMember, partitionCounts: ReadonlyMap<string, number>) {
    this.member = member
    for (const key of member.target) {
      const topicId = topicIdOf(key)
      const partition = Number(key.slice(topicId.length + 1))
      if (this.reads(topicId) && partition < (partitionCounts.get(topicId) ?? 0)) this.add(topicId, key)
    }
  }

  get partitions(): Set<PartitionKey> {
    return new Set([...this.#byTopic.values()].flat())
  }

  reads(topicId: string): boolean {
    return this.member.topicIds.has(topicId)
  }

  add(topicId: string, key: PartitionKey): void {
    const ofTopic = this.#byTopic.get(topicId)
    if (ofTopic) ofTopic.push(key)
    else this.#byTopic.set(topicId, [key])
    this.size += 1
  }

  canGiveTo(other: Share): boolean {
    return this.#topicFor(other) !== undefined
  }

  /** The last one of a topic, so that the first ones stay together. */
  giveTo(other: Share): void {
    const topicId = this.#topicFor(other)
    const key = topicId === undefined ? undefined : this.#byTopic.get(topicId)?.pop()
    if (topicId === undefined || key === undefined) return
    this.size -= 1
    other.add(topicId, key)
  }

  #topicFor(other: Share): string | undefined {
    for (const [topicId, keys] of this.#byTopic) if (keys.length > 0 && other.reads(topicId)) return topicId
    return undefined
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
