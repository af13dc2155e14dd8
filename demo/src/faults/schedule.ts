/** A fault and the part of the way at which it strikes. */
export interface Fault {
  /** Between 0 and 1: how many of the orders have been placed by then. */
  readonly at: number
  readonly strike: () => Promise<void>
}

export interface FaultSchedule {
  reached(placed: number): void
  /** Resolves when all that were struck have ended; rejects as they do. */
  done(): Promise<void>
  /** The same, however they end: nothing of the stage may be taken away before, or it would be put up again behind us. */
  over(): Promise<void>
}

/** Strikes each fault once, when the play has come far enough. */
export function faultSchedule(faults: readonly Fault[], total: number): FaultSchedule {
  const waiting = [...faults].sort((a, b) => a.at - b.at)
  const struck: Promise<void>[] = []
  return {
    reached(placed) {
      while (waiting[0] !== undefined && placed >= waiting[0].at * total) {
        const fault = waiting.shift()
        if (fault === undefined) return
        const strike = fault.strike()
        // One that fails early is told by `done`, which comes later: until then nobody would hear of it.
        strike.catch(() => {})
        struck.push(strike)
      }
    },
    async done() {
      await Promise.all(struck)
    },
    async over() {
      await Promise.allSettled(struck)
    },
  }
}
