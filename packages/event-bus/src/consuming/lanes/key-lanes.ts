import { latin1Text } from '../../short-text.ts'

/**
 * What may run at the same time. `key`: records with the same raw key bytes run one after the other, records without a key have no order and block
 * nothing. `partition`: all records of a partition run one after the other. `none`: no order at all.
 */
export type Order = 'key' | 'partition' | 'none'

/** A record in a lane. The lane is a chain of its records, so that a key costs one map entry and no container. */
export interface LaneMember<Self> {
  /** Set by `enter`; null when the record belongs to no lane. */
  laneKey: string | null
  /** Who may run when this one has left. */
  follower: Self | null
  /** Who must leave first; null when this one may run. */
  predecessor: Self | null
}

/**
 * The order of one partition (I2): at most one record of a lane runs at any time, in the order in which they entered. A record holds its lane from
 * `enter` until `leave`, whatever happens to it between: running, waiting for its next attempt, being written to a dead-letter topic.
 */
export class KeyLanes<Member extends LaneMember<Member>> {
  readonly order: Order
  /** The last of each lane that holds anything. */
  readonly #tails = new Map<string, Member>()
  /**
   * The only record in any lane; null when there is none, or there are more and `#tails` has them all. Synchronous handlers never have more: an entry that comes
   * and goes for each record cost 0.4 µs, and tables of a Map that the garbage collector kept for long.
   */
  #only: Member | null = null

  constructor(order: Order) {
    this.order = order
  }

  /** Lanes that hold anything. */
  get size(): number {
    return this.#only === null ? this.#tails.size : 1
  }

  /** The lane that a record with this key belongs to; null when it waits for nobody. */
  laneKeyOf(key: Buffer | null): string | null {
    if (this.order === 'none') return null
    if (this.order === 'partition') return ''
    // latin1 maps bytes to characters one to one, so distinct keys stay distinct even when they are not UTF-8.
    return key === null ? null : latin1Text(key, 0, key.length)
  }

  /** Puts a record behind those of its lane. Answers whether it may run now; otherwise `leave` of its predecessor hands it out. */
  enter(member: Member, laneKey: string | null): boolean {
    member.laneKey = laneKey
    if (laneKey === null) return true
    if (this.#only === null && this.#tails.size === 0) {
      this.#only = member
      return true
    }
    this.#spread()
    const predecessor = this.#tails.get(laneKey)
    this.#tails.set(laneKey, member)
    if (predecessor === undefined) return true
    predecessor.follower = member
    member.predecessor = predecessor
    return false
  }

  /**
   * A record of an earlier epoch whose handler has not ended yet keeps its lane closed in this one (I2, I4), until `leave`. To be called before
   * any record enters; there is one such record a lane at most, because while it is there the lane starts no other.
   */
  occupy(member: Member): void {
    member.follower = null
    member.predecessor = null
    this.#spread()
    if (member.laneKey !== null) this.#tails.set(member.laneKey, member)
  }

  /** A record that may run leaves its lane. Answers the one that may run now, if any. */
  leave(member: Member): Member | null {
    if (member.laneKey === null) return null
    if (member === this.#only) {
      this.#only = null
      return null
    }
    const follower = member.follower
    member.follower = null
    if (follower !== null) follower.predecessor = null
    else if (this.#tails.get(member.laneKey) === member) this.#tails.delete(member.laneKey)
    return follower
  }

  isEmpty(laneKey: string): boolean {
    return this.#only === null ? !this.#tails.has(laneKey) : this.#only.laneKey !== laneKey
  }

  /** The record that holds its lane, for each lane in which others wait for it. Takes as long as there are records in lanes. */
  *heldUp(): Iterable<Member> {
    for (const tail of this.#tails.values()) {
      if (tail.predecessor === null) continue
      let head = tail
      while (head.predecessor !== null) head = head.predecessor
      yield head
    }
  }

  /** Takes out all who wait for this one, and answers them in their order. */
  cutBehind(head: Member): Member[] {
    const followers: Member[] = []
    for (let member = head.follower; member !== null; ) {
      const { follower } = member
      member.follower = null
      member.predecessor = null
      followers.push(member)
      member = follower
    }
    head.follower = null
    this.#spread()
    if (head.laneKey !== null) this.#tails.set(head.laneKey, head)
    return followers
  }

  #spread(): void {
    if (this.#only === null) return
    if (this.#only.laneKey !== null) this.#tails.set(this.#only.laneKey, this.#only)
    this.#only = null
  }
}
