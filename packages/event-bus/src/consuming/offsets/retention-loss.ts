import type { TopicPartition } from '../../driver.ts'
import type { Logger } from '../../logger.ts'
import type { SubscriptionMetrics } from '../../tracing/telemetry.ts'
import type { OffsetMap } from './offset-map.ts'
import { printableKey } from '../health/printable-key.ts'

/**
 * What the log had no more when the group came for it. Nothing can be done about it here, so it is told in every way there is: an error in the log with its
 * place, counters that an alert watches, health.
 */
export class RetentionLoss {
  readonly #metrics: Pick<SubscriptionMetrics, 'settled' | 'expiredUnread'>
  readonly #logger: Logger
  #count = 0

  constructor(metrics: Pick<SubscriptionMetrics, 'settled' | 'expiredUnread'>, logger: Logger) {
    this.#metrics = metrics
    this.#logger = logger
  }

  /** Followers that expired, and offsets that were never read. */
  get count(): number {
    return this.#count
  }

  /** A record had been received, waited behind its key, and was gone when it should have been read again: it is settled as expired. */
  ofFollower({ topic, partition }: TopicPartition, laneKey: string, recordOffset: bigint): void {
    this.#count += 1
    this.#metrics.settled(topic, 'expired', 1)
    this.#logger.error(
      { topic, partition, recordOffset, key: printableKey(Buffer.from(laneKey, 'latin1')) },
      'record expired: it waited behind its key until the log had it no more',
    )
  }

  /**
   * The log begins at `logStartOffset`, and the group wanted to go on at `position`. Offsets are counted and not records, because nobody can tell any more which
   * of them had one: compaction and transactions leave gaps.
   *
   * @param known what is settled beyond `position`, and was no loss; null when nothing is known to be.
   */
  ofUnread(
    { topic, partition }: TopicPartition,
    position: bigint,
    logStartOffset: bigint,
    known: OffsetMap | null,
  ): void {
    const offsets = unsettledBetween(position, logStartOffset, known)
    if (offsets === 0) return
    this.#count += offsets
    this.#metrics.expiredUnread(topic, offsets)
    this.#logger.error(
      { topic, partition, position, logStartOffset, offsets },
      'retention removed records before this group had read them',
    )
  }
}

/** How many offsets from `from` to before `to` are not known to be settled. Of a waiting key that is its first record: how many follow it there, the map does not say. */
function unsettledBetween(from: bigint, to: bigint, known: OffsetMap | null): number {
  const boundary = known === null || known.boundary < from ? from : known.boundary
  let offsets = to > boundary ? to - boundary : 0n
  for (const entry of known?.unsettled ?? []) {
    const end = entry.kind === 'run' ? entry.to : entry.from + 1n
    const first = entry.from > from ? entry.from : from
    const last = [end, to, boundary].reduce((lowest, each) => (each < lowest ? each : lowest))
    if (last > first) offsets += last - first
  }
  return Number(offsets)
}
