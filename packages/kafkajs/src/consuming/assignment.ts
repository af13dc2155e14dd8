import type { AssignedPartition, GroupListener, GroupOptions, Logger, TopicPartition } from '@tributary/event-bus'
import { Backoff, pause, timeLimit } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { isRetriable } from '../wire/failures.ts'
import { logEnds } from '../wire/list-offsets.ts'
import type { GroupClient } from './group-client.ts'
import type { Owned, Ownership } from './ownership.ts'

/** A listener that ignores its signal is not waited for longer than this, in milliseconds: the group would throw us out. */
const DRAIN_GRACE_MS = 1_000

export interface AssignmentParts {
  readonly cluster: Cluster
  readonly client: GroupClient
  readonly ownership: Ownership
  readonly listener: GroupListener
  readonly options: GroupOptions
  readonly logger: Logger
  /** Whether what we own is ours for certain; what was read before a long silence may be about the past. */
  isInContact(): boolean
  /** Positions are known: fetch. */
  onStarted(): void
  onFailed(error: unknown): void
}

/**
 * Turns what the group assigns into calls of the listener. For one partition these never overlap: a start that is being announced is waited for
 * before the partition is revoked, or reported lost.
 */
export class Assignment {
  readonly #parts: AssignmentParts
  readonly #closing: AbortSignal
  /** Starts happen one after the other, so that an epoch is announced after its predecessor is done with. */
  #starting: Promise<void> = Promise.resolve()
  /** Given to the listener in `onAssigned`, which has not answered yet. */
  readonly #beingAnnounced = new Set<Owned>()

  constructor(parts: AssignmentParts, closing: AbortSignal) {
    this.#parts = parts
    this.#closing = closing
  }

  /** Starts what is new in the background; resolves when what must go is given up. True when anything was. */
  async adopt(assigned: readonly TopicPartition[], lost: AbortSignal): Promise<boolean> {
    const { ownership } = this.#parts
    const { gained, revoked } = ownership.compare(assigned)
    this.#start(gained.map((partition) => ownership.gain(partition)))
    await this.#revoke(revoked, lost)
    return revoked.length > 0
  }

  /** Everything is somebody else's: commits are fenced from this moment on. */
  lose(): void {
    const { ownership } = this.#parts
    const lost = ownership.all()
    for (const owned of lost) ownership.drop(owned)
    this.#reportLost(lost)
  }

  /** The position makes no sense on the log any more: the same partition under a new epoch, so that the listener chooses again. */
  startOver(owned: Owned): void {
    const { ownership } = this.#parts
    // Being handed over: where it goes on is for its next owner to find out.
    if (!ownership.isCurrent(owned) || owned.isRevoking) return
    ownership.drop(owned)
    this.#reportLost([owned])
    this.#start([ownership.gain(owned)])
  }

  #start(gained: readonly Owned[], backoff = new Backoff()): void {
    if (gained.length === 0) return
    this.#starting = this.#starting
      .then(() => this.#startNow(gained, backoff))
      .catch((error: unknown) => this.#parts.onFailed(error))
  }

  /** Starts those whose offsets can be read, and were read while they were ours; a leader that is away holds up its own partitions and no others. */
  async #startNow(gained: readonly Owned[], backoff: Backoff): Promise<void> {
    const { cluster } = this.#parts
    const found = await this.#whereToStart(gained.filter((owned) => this.#isWanted(owned)))
    // We ask, and are frozen for a session; the partition goes to another, who commits; we thaw, and find the answer in our socket before any timer tells us.
    const assigned = this.#parts.isInContact() ? found : []
    const ready = new Set(assigned.map(({ epoch }) => epoch))
    const current = gained.filter((owned) => this.#isWanted(owned))
    const later = current.filter(({ epoch }) => !ready.has(epoch))
    if (later.length > 0) {
      void pause(backoff.next(), this.#closing)
        .then(() => cluster.refresh(later.map(({ topic }) => topic)))
        .catch(() => {}) // the next attempt meets the same failure
        .then(() => this.#start(later, backoff))
    }
    const started = current.filter(({ epoch }) => ready.has(epoch))
    if (started.length > 0) await this.#announce(started, assigned)
  }

  async #announce(started: readonly Owned[], assigned: readonly AssignedPartition[]): Promise<void> {
    const { listener, ownership } = this.#parts
    const epochs = new Set(started.map(({ epoch }) => epoch))
    for (const owned of started) {
      owned.isAnnounced = true
      this.#beingAnnounced.add(owned)
    }
    const answer = listener.onAssigned(assigned.filter(({ epoch }) => epochs.has(epoch)))
    const starts = await answer.finally(() => {
      for (const owned of started) this.#beingAnnounced.delete(owned)
    })
    const lostMeanwhile = started.filter((owned) => !ownership.isCurrent(owned))
    if (lostMeanwhile.length > 0) listener.onLost(lostMeanwhile.map(partitionOf))
    for (const { topic, partition, position } of starts) {
      const owned = ownership.find({ topic, partition })
      if (owned !== undefined && epochs.has(owned.epoch)) owned.position = position
    }
    const forgotten = started.find((owned) => ownership.isCurrent(owned) && owned.position === null)
    if (forgotten !== undefined)
      throw new TypeError(`onAssigned gave no position for ${forgotten.topic}/${forgotten.partition}`)
    this.#parts.onStarted()
  }

  /**
   * Committed offsets are read after the partition was gained: whoever had it before has committed by then. Partitions that cannot be read at the
   * moment are left out.
   */
  async #whereToStart(wanted: readonly Owned[]): Promise<AssignedPartition[]> {
    const { client, cluster } = this.#parts
    if (wanted.length === 0) return []
    try {
      const [committed, ends] = await Promise.all([client.committed(wanted), logEnds(cluster, wanted)])
      const offsets = new Map(committed.map((each) => [`${each.partition} ${each.topic}`, each]))
      return wanted.flatMap(({ topic, partition, epoch }, index) => {
        const end = ends[index]
        if (end === undefined || (end instanceof Error && isRetriable(end))) return []
        if (end instanceof Error) throw end
        const stored = offsets.get(`${partition} ${topic}`)
        const isCommitted = stored !== undefined && stored.offset !== '-1'
        const start = isCommitted ? { nextOffset: BigInt(stored.offset), metadata: stored.metadata ?? '' } : null
        return [{ topic, partition, epoch, committed: start, ...end }]
      })
    } catch (error) {
      if (isRetriable(error)) return []
      throw error
    }
  }

  async #revoke(revoked: readonly Owned[], lost: AbortSignal): Promise<void> {
    const { listener, ownership, options, logger } = this.#parts
    for (const owned of revoked) owned.isRevoking = true
    if (revoked.some((owned) => this.#beingAnnounced.has(owned))) await this.#starting
    const announced = revoked.filter((owned) => owned.isAnnounced && ownership.isCurrent(owned))
    if (announced.length > 0) {
      const time = AbortSignal.timeout(options.drainMs)
      const drained = listener.onRevoking(announced.map(partitionOf), AbortSignal.any([time, lost]))
      const limit = timeLimit(options.drainMs + DRAIN_GRACE_MS)
      const overdue = limit.reached.then(
        () => new Error(`onRevoking has not resolved ${DRAIN_GRACE_MS} ms after its signal`),
      )
      const fault = await Promise.race([drained.catch((error: unknown) => error), overdue]).finally(limit.cancel)
      if (fault !== undefined) logger.error({ err: fault }, 'partitions are handed over before they were drained')
    }
    for (const owned of revoked) ownership.drop(owned)
    if (lost.aborted && announced.length > 0) listener.onLost(announced.map(partitionOf))
  }

  /** The listener hears of the end of what it heard the beginning of; what is being announced is reported when it has answered. */
  #reportLost(lost: readonly Owned[]): void {
    const announced = lost.filter((owned) => owned.isAnnounced && !owned.isRevoking && !this.#beingAnnounced.has(owned))
    if (announced.length > 0) this.#parts.listener.onLost(announced.map(partitionOf))
  }

  #isWanted(owned: Owned): boolean {
    return !this.#closing.aborted && this.#parts.ownership.isCurrent(owned) && !owned.isRevoking
  }
}

function partitionOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}
