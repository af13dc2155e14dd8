import { Fifo } from './fifo.ts'

/** The followers of one key that are kept as tickets: the log has the rest. */
export class ParkedLane {
  readonly tickets = new Fifo<number>()
  /** Followers that may be read ahead at its next turn. Doubles with each, as long as the lane keeps up. */
  readAhead = 1
}

/**
 * Lanes whose followers are not in memory (all behind those of the lane that are). Once a lane is here, newcomers of its key join it, or they would overtake;
 * it leaves when its last follower has been read again.
 */
export class ParkedLanes {
  readonly #lanes = new Map<string, ParkedLane>()
  /** Those that hold nothing in memory: their next follower must be read. */
  readonly #wanting = new Map<string, ParkedLane>()
  #followers = 0

  /** Followers of all lanes. */
  get followers(): number {
    return this.#followers
  }

  /** Lanes whose next follower must be read, by their key. */
  get wanting(): ReadonlyMap<string, ParkedLane> {
    return this.#wanting
  }

  get(laneKey: string): ParkedLane | undefined {
    return this.#lanes.get(laneKey)
  }

  /** Each lane with the ticket of its first follower. */
  *firsts(): Iterable<readonly [laneKey: string, ticket: number]> {
    for (const [laneKey, { tickets }] of this.#lanes) {
      if (tickets.first !== undefined) yield [laneKey, tickets.first]
    }
  }

  /** Parks a newcomer if others of its lane are parked. */
  join(laneKey: string, ticket: number): boolean {
    const lane = this.#lanes.get(laneKey)
    if (lane === undefined) return false
    lane.tickets.push(ticket)
    this.#followers += 1
    return true
  }

  /** Parks followers who were in memory: they come before all who are parked already. */
  park(laneKey: string, tickets: readonly number[]): void {
    const lane = this.#lanes.get(laneKey) ?? new ParkedLane()
    this.#lanes.set(laneKey, lane)
    lane.tickets.prepend(tickets)
    lane.readAhead = 1
    this.#followers += tickets.length
  }

  /** A lane holds nothing in memory any more. Answers whether its next follower must be read. */
  emptied(laneKey: string): boolean {
    const lane = this.#lanes.get(laneKey)
    if (lane === undefined) return false
    this.#wanting.set(laneKey, lane)
    return true
  }

  /** Takes the first follower of a lane out. `isInMemory`: whether the lane holds something in memory now. */
  shift(laneKey: string, lane: ParkedLane, isInMemory: boolean): void {
    lane.tickets.shift()
    this.#followers -= 1
    if (lane.tickets.size === 0) this.#lanes.delete(laneKey)
    if (isInMemory || lane.tickets.size === 0) this.#wanting.delete(laneKey)
  }
}
