import type { Attempt } from './attempt.ts'
import type { PartitionRun } from '../partition.ts'

/** Counts the attempts under way, of the subscription and of each partition, and notes which partitions let them end. How many there may be is the dispatcher's. */
export class Slots {
  readonly #onFree: () => void
  #taken = 0

  /** @param onFree a slot is free again */
  constructor(onFree: () => void) {
    this.#onFree = onFree
  }

  /** Attempts that have not ended and are not abandoned. */
  get taken(): number {
    return this.#taken
  }

  take(owner: PartitionRun): void {
    this.#taken += 1
    owner.attempts += 1
    owner.begin()
  }

  /** Last of all that an attempt does. Its partition has shown that its slots come back, or that they do not: `allowance` is what follows from that. */
  end({ owner, fencedBy }: Pick<Attempt, 'owner' | 'fencedBy'>): void {
    if (fencedBy === null) owner.allowance = owner.attempts + 1
    else if (fencedBy === 'deadline') owner.allowance = 0
    this.free(owner)
  }

  /** Gives back a slot that no attempt was made with. A partition that is draining is committed and given up once nothing is under way. */
  free(owner: PartitionRun): void {
    this.#taken -= 1
    owner.attempts -= 1
    owner.end()
    this.#onFree()
  }
}
