import {
  headerText,
  originFrom,
  type RawHeader,
  type RawRecord,
  splitProvenance,
  type TopicPartition,
} from '@tributary/event-bus'
import type { ClusterState } from '../../memory/in-memory-cluster.ts'
import { place } from '../driver/host.ts'

/** Records of one lane, in the order of the log. */
interface LaneOfLog {
  readonly offsets: number[]
  /** Index of the first that may be unsettled. */
  head: number
}

interface PartitionOfLog {
  readonly offsets: number[]
  readonly keys: Map<number, string | null>
  readonly lanes: Map<string, LaneOfLog>
  readonly whole: LaneOfLog
  readonly settled: Set<number>
  readonly dueAt: Map<number, number>
  /** Index up to which everything is known to be settled, or gone. */
  verified: number
}

export interface LogLedgerOptions {
  readonly cluster: ClusterState
  readonly group: string
  /** Topics that the group reads: its sources, and what belongs to them. */
  readonly read: ReadonlySet<string>
  /** Topics that it writes records to which leave another one for good: dead letters and delayed retries. */
  readonly written: ReadonlySet<string>
  /** Types that the group has a handler for; records of others are settled by themselves when `skipsOthers`. */
  readonly types: ReadonlySet<string>
  readonly skipsOthers: boolean
}

/**
 * What is on the logs, and what of it has come to its end for the group. It reads the logs by itself, and believes the engine nothing: a dead letter counts when
 * it lies in its topic.
 */
export class LogLedger {
  readonly #options: LogLedgerOptions
  readonly #partitions = new Map<string, PartitionOfLog>()
  readonly #readTo = new Map<string, bigint>()
  /** Where a record lies, by its origin: on its source, and on every retry topic that it got to. */
  readonly #copies = new Map<string, (TopicPartition & { readonly offset: number })[]>()

  constructor(options: LogLedgerOptions) {
    this.#options = options
    options.cluster.topics.watch({
      onAppended: (partition) => this.#onAppended(partition),
      onTopicsChanged: () => {},
      onTopicDeleted: () => {},
    })
  }

  /** The key of a record as text; null when it has none, undefined when there is no such record. */
  keyOf(partition: TopicPartition, offset: number): string | null | undefined {
    return this.#partitions.get(place(partition))?.keys.get(offset)
  }

  /** When a record that waits in a retry topic is due, in milliseconds since the Unix epoch; null for any other. */
  dueAt(partition: TopicPartition, offset: number): number | null {
    return this.#partitions.get(place(partition))?.dueAt.get(offset) ?? null
  }

  settle(partition: TopicPartition, offset: number): void {
    this.#of(partition).settled.add(offset)
  }

  isSettled(partition: TopicPartition, offset: number): boolean {
    return this.#partitions.get(place(partition))?.settled.has(offset) ?? false
  }

  /** The record that these headers name as their origin goes on at `target`, or has come to its end there: it is settled everywhere else. */
  settleOrigin(headers: readonly RawHeader[], target: TopicPartition | null): void {
    const origin = originFrom(splitProvenance(headers).provenance, this.#options.group)
    if (origin === null) return
    this.settle(origin, Number(origin.recordOffset))
    for (const copy of this.#copies.get(originId(origin)) ?? []) {
      if (copy.topic !== target?.topic) this.settle(copy, copy.offset)
    }
  }

  /** I1: the first record below `nextOffset` that is on the log and not settled. */
  firstUnsettledBelow(partition: TopicPartition, nextOffset: bigint): number | null {
    const known = this.#partitions.get(place(partition))
    if (known === undefined) return null
    for (; known.verified < known.offsets.length; known.verified += 1) {
      const offset = known.offsets[known.verified] ?? 0
      if (offset >= nextOffset) return null
      if (this.#isOpen(partition, known, offset)) return offset
    }
    return null
  }

  /** I2: the first record of a key, or of the whole partition, that is on the log, not settled, and before `offset`. */
  firstUnsettledOfLane(partition: TopicPartition, lane: string | null, offset: number): number | null {
    const known = this.#partitions.get(place(partition))
    if (known === undefined) return null
    const inLane = lane === null ? known.whole : known.lanes.get(lane)
    if (inLane === undefined) return null
    const { offsets } = inLane
    for (; inLane.head < offsets.length; inLane.head += 1) {
      const earlier = offsets[inLane.head] ?? 0
      if (earlier >= offset) return null
      if (this.#isOpen(partition, known, earlier)) return earlier
    }
    return null
  }

  /** Everything that is not settled yet. */
  *unsettled(): Generator<TopicPartition & { readonly offset: number }> {
    for (const [id, known] of this.#partitions) {
      const slash = id.lastIndexOf('/')
      const partition = { topic: id.slice(0, slash), partition: Number(id.slice(slash + 1)) }
      for (const offset of known.offsets) if (this.#isOpen(partition, known, offset)) yield { ...partition, offset }
    }
  }

  #isOpen(partition: TopicPartition, known: PartitionOfLog, offset: number): boolean {
    if (known.settled.has(offset)) return false
    return BigInt(offset) >= (this.#options.cluster.topics.findLog(partition)?.startOffset ?? 0n)
  }

  #onAppended(partition: TopicPartition): void {
    const { cluster, read, written } = this.#options
    if (!read.has(partition.topic) && !written.has(partition.topic)) return
    const log = cluster.topics.log(partition)
    const from = this.#readTo.get(place(partition)) ?? 0n
    this.#readTo.set(place(partition), log.endOffset)
    for (const record of log.read(from, Number.POSITIVE_INFINITY).records) {
      if (written.has(partition.topic)) this.settleOrigin(record.headers, partition)
      if (read.has(partition.topic)) this.#index(partition, record)
    }
  }

  #index(partition: TopicPartition, record: RawRecord): void {
    const known = this.#of(partition)
    const offset = Number(record.offset)
    const key = record.key?.toString('latin1') ?? null
    const origin = originFrom(splitProvenance(record.headers).provenance, this.#options.group)
    if (origin !== null) {
      const copies = this.#copies.get(originId(origin)) ?? []
      copies.push({ ...partition, offset })
      this.#copies.set(originId(origin), copies)
    }
    known.offsets.push(offset)
    known.keys.set(offset, key)
    if (key !== null) {
      const lane = known.lanes.get(key) ?? { offsets: [], head: 0 }
      lane.offsets.push(offset)
      known.lanes.set(key, lane)
    }
    const dueAt = headerText(record.headers, 'tributary.due-at')
    if (dueAt !== null) known.dueAt.set(offset, Date.parse(dueAt))
    const type = headerText(record.headers, 'ce_type')
    if (type !== null && this.#options.skipsOthers && !this.#options.types.has(type)) known.settled.add(offset)
  }

  #of(partition: TopicPartition): PartitionOfLog {
    const id = place(partition)
    let known = this.#partitions.get(id)
    if (known === undefined) {
      const offsets: number[] = []
      const whole = { offsets, head: 0 }
      known = { offsets, keys: new Map(), lanes: new Map(), whole, settled: new Set(), dueAt: new Map(), verified: 0 }
      this.#partitions.set(id, known)
    }
    return known
  }
}

function originId({ topic, partition, recordOffset }: TopicPartition & { readonly recordOffset: bigint }): string {
  return `${topic}/${partition}/${recordOffset}`
}
