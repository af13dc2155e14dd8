import type { CommitOutcome, TopicPartition } from '@tributary/event-bus'

/** Which partitions a fault concerns: all that match what is given. */
export interface FaultScope {
  readonly topic?: string
  readonly partition?: number
  /** How often it strikes. @defaultValue until `clear` is called */
  readonly times?: number
}

export interface AppendFault extends FaultScope {
  /**
   * - `transient`: `PublishTimeoutError`, `not-written`, as when the brokers were away until the deadline.
   * - `permanent`: `WriteRefusedError`, `not-written`.
   * - `unknown`: `PublishTimeoutError`, `unknown`: the answer was lost.
   */
  readonly kind: 'transient' | 'permanent' | 'unknown'
  /** Whether the batch of a fault of kind `unknown` is on the log all the same. @defaultValue false */
  readonly isApplied?: boolean
}

export interface CommitFault extends FaultScope {
  readonly group?: string
  readonly outcome: Exclude<CommitOutcome, 'committed'>
  /** Whether the offset is stored although the answer says otherwise. @defaultValue false */
  readonly isApplied?: boolean
}

/** A fault that is in force. */
export interface ActiveFault {
  /** How often it has struck. */
  readonly hits: number
  clear(): void
}

/** Calls that wait. */
export interface Hold {
  /** How many calls are waiting now. */
  readonly waiting: number
  /** Lets everything that waits go, and holds nothing more. */
  release(): void
}

/** Faults on demand. The latest one that matches strikes. */
export interface Faults {
  failAppends(fault: AppendFault): ActiveFault
  /** Appends wait. One that outlasts its `timeoutMs` rejects as `unknown`, and is applied at the release: an acknowledgement too late. */
  holdAppends(scope?: FaultScope): Hold
  failCommits(fault: CommitFault): ActiveFault
  /** `DriverConsumer.readRange` fails with `ClusterUnavailableError`: followers of waiting keys cannot be read again. */
  failRangeReads(scope?: FaultScope): ActiveFault
  /** Commits wait. One that outlasts the request timeout answers `failed`, and is applied at the release if its epoch is still current. */
  holdCommits(scope?: FaultScope & { readonly group?: string }): Hold
}

/** The faults of one kind that are in force. */
class FaultList<F extends FaultScope> {
  readonly #active: { readonly fault: F; hits: number }[] = []

  add(fault: F): ActiveFault {
    const entry = { fault, hits: 0 }
    this.#active.unshift(entry)
    return {
      get hits() {
        return entry.hits
      },
      clear: () => {
        const index = this.#active.indexOf(entry)
        if (index >= 0) this.#active.splice(index, 1)
      },
    }
  }

  strike(matches: (fault: F) => boolean): F | null {
    const entry = this.#active.find(
      ({ fault, hits }) => hits < (fault.times ?? Number.POSITIVE_INFINITY) && matches(fault),
    )
    if (!entry) return null
    entry.hits += 1
    return entry.fault
  }
}

interface HeldScope extends FaultScope {
  readonly group?: string
  readonly gate: Promise<void>
  readonly onWaiting: (change: number) => void
}

export class FaultBoard implements Faults {
  readonly #appendFaults = new FaultList<AppendFault>()
  readonly #commitFaults = new FaultList<CommitFault>()
  readonly #readFaults = new FaultList<FaultScope>()
  readonly #heldAppends = new FaultList<HeldScope>()
  readonly #heldCommits = new FaultList<HeldScope>()

  failAppends(fault: AppendFault): ActiveFault {
    return this.#appendFaults.add(fault)
  }

  holdAppends(scope: FaultScope = {}): Hold {
    return hold(this.#heldAppends, scope)
  }

  failCommits(fault: CommitFault): ActiveFault {
    return this.#commitFaults.add(fault)
  }

  failRangeReads(scope: FaultScope = {}): ActiveFault {
    return this.#readFaults.add(scope)
  }

  holdCommits(scope: FaultScope & { readonly group?: string } = {}): Hold {
    return hold(this.#heldCommits, scope)
  }

  appendFault(partition: TopicPartition): AppendFault | null {
    return this.#appendFaults.strike((fault) => concerns(fault, partition))
  }

  commitFault(group: string, partition: TopicPartition): CommitFault | null {
    return this.#commitFaults.strike((fault) => concernsGroup(fault, group, partition))
  }

  rangeReadFault(partition: TopicPartition): FaultScope | null {
    return this.#readFaults.strike((fault) => concerns(fault, partition))
  }

  /** Null when nothing holds it back: the caller goes on in the same tick. */
  appendGate(partition: TopicPartition): Promise<void> | null {
    return waitAt(this.#heldAppends.strike((held) => concerns(held, partition)))
  }

  commitGate(group: string, partitions: readonly TopicPartition[]): Promise<void> | null {
    return waitAt(
      this.#heldCommits.strike((held) => partitions.some((partition) => concernsGroup(held, group, partition))),
    )
  }
}

function hold(list: FaultList<HeldScope>, scope: FaultScope & { readonly group?: string }): Hold {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  let waiting = 0
  const onWaiting = (change: number): void => {
    waiting += change
  }
  const active = list.add({ ...scope, gate, onWaiting })
  return {
    get waiting() {
      return waiting
    },
    release() {
      active.clear()
      open()
    },
  }
}

async function leaveGate(held: HeldScope): Promise<void> {
  await held.gate
  held.onWaiting(-1)
}

function waitAt(held: HeldScope | null): Promise<void> | null {
  if (!held) return null
  held.onWaiting(1)
  return leaveGate(held)
}

function concerns(scope: FaultScope, { topic, partition }: TopicPartition): boolean {
  return (scope.topic ?? topic) === topic && (scope.partition ?? partition) === partition
}

function concernsGroup(
  scope: FaultScope & { readonly group?: string },
  group: string,
  partition: TopicPartition,
): boolean {
  return (scope.group ?? group) === group && concerns(scope, partition)
}
