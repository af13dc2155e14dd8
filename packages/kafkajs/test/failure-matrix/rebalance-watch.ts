import type { Driver, EventOrigin, GroupListener, TopicPartition } from '@tributary/event-bus'
import { TOPIC } from './world.ts'

/** One execution of a handler. */
interface Run {
  readonly member: string
  readonly partition: number
  readonly recordOffset: bigint
  /** Which stay of the partition with a member it belongs to. */
  readonly lease: number
  hasEnded: boolean
}

/** What rebalances cost, seen from outside the engine: it listens to what the driver tells each member, and to the handlers. */
export class RebalanceWatch {
  readonly runs: Run[] = []
  /** For each partition that was asked back or left behind: how many runs were under way at that moment. */
  readonly inFlightAtHandOver: number[] = []
  readonly #topic: string
  readonly #leases = new Map<string, Map<number, number>>()
  #leaseCount = 0

  constructor(topic = TOPIC) {
    this.#topic = topic
  }

  /** The driver of one member. */
  over(driver: Driver, member: string): Driver {
    return { ...driver, joinGroup: (options, listener) => driver.joinGroup(options, this.#listen(listener, member)) }
  }

  /** Runs a handler's work under the eyes of the watch. */
  async run(member: string, origin: EventOrigin, work: () => Promise<void>): Promise<void> {
    const { partition, recordOffset } = origin
    const run = { member, partition, recordOffset, lease: this.#leasesOf(member).get(partition) ?? -1, hasEnded: false }
    this.runs.push(run)
    await work().finally(() => {
      run.hasEnded = true
    })
  }

  owned(member: string): number[] {
    return [...this.#leasesOf(member).keys()].toSorted((a, b) => a - b)
  }

  /** To be called before a member is told to close: a member on its way out is not asked for its partitions. */
  leaving(member: string): void {
    this.#noteInFlight(member, this.owned(member))
    this.#leasesOf(member).clear()
  }

  /** Runs beyond the first of an event, in partitions that had stayed where they were since, and in those that had moved. */
  get again(): { stayed: number; moved: number } {
    const leases = new Map<string, number[]>()
    const again = { stayed: 0, moved: 0 }
    for (const { partition, recordOffset, lease } of this.runs) {
      const place = `${partition}/${recordOffset}`
      const before = leases.get(place) ?? []
      if (before.includes(lease)) again.stayed += 1
      else if (before.length > 0) again.moved += 1
      leases.set(place, [...before, lease])
    }
    return again
  }

  #listen(listener: GroupListener, member: string): GroupListener {
    const leases = this.#leasesOf(member)
    const ours = (partitions: readonly TopicPartition[]): number[] =>
      partitions.flatMap(({ topic, partition }) => (topic === this.#topic ? [partition] : []))
    return {
      onAssigned: (partitions) => {
        for (const partition of ours(partitions)) {
          this.#leaseCount += 1
          leases.set(partition, this.#leaseCount)
        }
        return listener.onAssigned(partitions)
      },
      onRevoking: async (partitions, signal) => {
        this.#noteInFlight(member, ours(partitions))
        await listener.onRevoking(partitions, signal)
        for (const partition of ours(partitions)) leases.delete(partition)
      },
      onLost: (partitions) => {
        for (const partition of ours(partitions)) leases.delete(partition)
        listener.onLost(partitions)
      },
      onChunk: (chunk) => listener.onChunk(chunk),
      onFailed: (error) => listener.onFailed(error),
    }
  }

  #noteInFlight(member: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const running = this.runs.filter((run) => run.member === member && run.partition === partition && !run.hasEnded)
      this.inFlightAtHandOver.push(running.length)
    }
  }

  #leasesOf(member: string): Map<number, number> {
    const leases = this.#leases.get(member) ?? new Map<number, number>()
    this.#leases.set(member, leases)
    return leases
  }
}
