export interface EpochStart {
  readonly epoch: number
  readonly startOffset: bigint
}

/** At which offset each leader of a partition began, so that a client can learn where an earlier one ended. */
export class LeaderEpochs {
  #starts: readonly EpochStart[]

  constructor(starts: readonly EpochStart[]) {
    this.#starts = starts
  }

  get starts(): readonly EpochStart[] {
    return this.#starts
  }

  /** Of the leader that is in office. */
  get current(): number {
    return this.#starts.at(-1)?.epoch ?? 0
  }

  /** A leader takes over. Those before it leave no trace when they wrote nothing, or when it was lost in a crash. */
  began(epoch: number, startOffset: bigint): void {
    this.#starts = [...this.#starts.filter((start) => start.startOffset < startOffset), { epoch, startOffset }]
  }

  /** The latest leader up to that epoch, and the offset after its last record; undefined for an epoch that is still to come, or none. */
  end(epoch: number, endOffset: bigint): { leaderEpoch: number; endOffset: bigint } | undefined {
    const last = this.#starts.at(-1)
    if (!last || epoch < 0 || epoch > last.epoch) return undefined
    if (epoch === last.epoch) return { leaderEpoch: epoch, endOffset }
    const nextIndex = this.#starts.findIndex((start) => start.epoch > epoch)
    // An epoch before all that are known ended where the first of them began.
    const leaderEpoch = this.#starts[nextIndex - 1]?.epoch ?? epoch
    return { leaderEpoch, endOffset: this.#starts[nextIndex]?.startOffset ?? endOffset }
  }
}
