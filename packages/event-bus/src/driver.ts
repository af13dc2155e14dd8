/**
 * The port between the bus and a Kafka client. It speaks of records, partitions, positions and epochs; what a record means, when it is
 * settled and what is committed is decided above it, once for all drivers. Every driver passes the conformance suite of `@tributary/testing`.
 *
 * An **epoch** numbers one assignment of one partition to this consumer: it is new each time the partition is gained, and unchanged while the
 * partition stays over any number of rebalances. The driver alone knows generations and member ids; it maps a current epoch to them.
 */

import type { Logger } from './logger.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Order and repetitions are kept; Kafka allows a null value. */
export type RawHeader = readonly [name: string, value: Buffer | null]

/** Is told of a record's headers in their order. */
export interface HeaderVisitor {
  /** @param bytes lent: the value lies in them from `start` to before `end`, and is null when `end` is negative */
  header(name: string, bytes: Buffer, start: number, end: number): void
}

/** A record as it is on the log. A driver may decode headers lazily behind a getter. */
export interface RawRecord {
  readonly offset: bigint
  /** Milliseconds since the Unix epoch, as the topic's timestamp type defines it. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RawHeader[]
  /** Tells of the headers without making a list and views of them, which costs more than looking at them. A driver without it is asked for `headers`. */
  visitHeaders?(visitor: HeaderVisitor): void
}

/** Records in the order of the log. An array is one; a driver may also make each record when the iteration comes to it. */
export interface RecordList extends Iterable<RawRecord> {
  readonly length: number
}

/** A header on its way to the log: a `RawHeader`, or one whose value is text. */
export type OutgoingHeader = readonly [name: string, value: Buffer | string | null]

/**
 * A record on its way to the log. Text stands for its bytes in UTF-8: a driver writes it into its batch, and nobody needs a Buffer of it that is kept until the
 * acknowledgement. Records that follow each other may have headers in common as the same objects, which need not be encoded again.
 */
export interface OutgoingRecord {
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  readonly headers: readonly OutgoingHeader[]
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}

/**
 * A run of records of one partition from one fetch. Progress comes from positions, not from records: control batches, aborted transactions and
 * compaction move `nextPosition` without any record, and offsets may have gaps inside a chunk.
 */
export interface Chunk extends TopicPartition {
  /** The assignment that asked for it. Zero for chunks that belong to none (`DriverAdmin.readRange`). */
  readonly epoch: number
  /** The position that was asked for. No record is below it. */
  readonly fetchedFrom: bigint
  /** Where the next chunk will start: beyond every offset this chunk accounts for. */
  readonly nextPosition: bigint
  /** End of the log that consumers may read, at the time of the fetch. */
  readonly highWatermark: bigint
  /** Iterated over in order, perhaps much later. That must not throw: what cannot be read is noticed before there is a chunk. */
  readonly records: RecordList
  /** Bytes that the records hold in memory, roughly. */
  readonly bytes: number
  /** There was nothing to read: everything from `fetchedFrom` to before `nextPosition` had left the log, by retention or deletion. Such a chunk has no records. */
  readonly isExpired?: true
}

export interface CommittedOffset {
  readonly nextOffset: bigint
  readonly metadata: string
}

/** A partition newly gained, with all that is needed to choose where to start. */
export interface AssignedPartition extends TopicPartition {
  readonly epoch: number
  /** What the group committed, read after the partition was gained; null when nothing is. */
  readonly committed: CommittedOffset | null
  readonly logStartOffset: bigint
  readonly logEndOffset: bigint
}

export interface StartPosition extends TopicPartition {
  readonly position: bigint
}

/** What a driver tells the engine about a group membership. Calls never overlap for the same partition. */
export interface GroupListener {
  /** Partitions were gained. Nothing of them is fetched before the promise resolves with a position for each. */
  onAssigned(partitions: readonly AssignedPartition[]): Promise<readonly StartPosition[]>
  /**
   * Partitions must be given up and are still owned: drain, commit. The driver keeps heartbeating meanwhile; when `signal` aborts, the time is
   * over and the promise should resolve at once. After it has resolved, the partitions are no longer owned and commits for them answer `fenced`.
   */
  onRevoking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void>
  /** Partitions are owned by somebody else already (session expired, generation lost): fence what is in flight, commit nothing. */
  onLost(partitions: readonly TopicPartition[]): void
  /** Records, in order of position within a partition and epoch. Must not throw and must not block. */
  onChunk(chunk: Chunk): void
  /** The membership ended for a reason that no retry heals (authorisation, protocol, deleted topic). Partitions were reported lost before. */
  onFailed(error: Error): void
}

export interface GroupOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** How long the group waits for a silent member, in milliseconds. */
  readonly sessionTimeoutMs: number
  /** In milliseconds; a third of the session timeout or less. */
  readonly heartbeatIntervalMs: number
  /** How long members may take to hand partitions over, in milliseconds. `onRevoking` is given less than this. */
  readonly rebalanceTimeoutMs: number
  /** How long `onRevoking` may take before its signal aborts, in milliseconds. */
  readonly drainMs: number
  /** Longest wait of a fetch for new records, in milliseconds. */
  readonly maxWaitMs: number
  /** Upper bound of one fetch response, in bytes; a single larger record is still delivered. */
  readonly maxBytes: number
  /** Upper bound of one partition in a fetch response, in bytes. */
  readonly maxBytesPerPartition: number
  /** Static membership (KIP-345): a restart within the session timeout causes no rebalance. */
  readonly instanceId?: string
  /**
   * For what a membership meets and no call can reject with: what keeps it from being stable, or from reading. The driver names the group in every line;
   * a logger that was given to the driver itself goes before this one.
   *
   * @defaultValue says nothing
   */
  readonly logger?: Logger
}

export interface CommitRequest extends TopicPartition {
  readonly epoch: number
  readonly nextOffset: bigint
  readonly metadata: string
}

/**
 * - `committed`: the group coordinator has stored it.
 * - `fenced`: the epoch is not current any more; commit nothing for it again.
 * - `metadata-refused`: the offset was refused because of its metadata; send it again without.
 * - `failed`: nothing is known to be wrong with the commit itself (coordinator away, rebalance in progress); try again later.
 */
export type CommitOutcome = 'committed' | 'fenced' | 'metadata-refused' | 'failed'

export interface CommitResult extends TopicPartition {
  readonly outcome: CommitOutcome
  readonly error?: Error
}

/** One membership in a group. */
export interface DriverConsumer {
  /** Resolves when the group has been joined for the first time; rejects when `onFailed` was called before. */
  readonly joined: Promise<void>
  /** One result for each request, in the same order. Never rejects, and never takes longer than the driver's request timeout. */
  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]>
  /** Stops handing out chunks of these partitions; fetched but undelivered chunks may be dropped. Belongs to the epoch: a partition regained is not paused. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** The next chunk of this partition starts at `position`. Ignored when `epoch` is not current. */
  seek(partition: TopicPartition, epoch: number, position: bigint): void
  /** Reads `[from, to)` again beside the normal flow, for followers of a waiting key. Stops early at the end of the log. */
  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk>
  /**
   * Reads these topics as well: the group is joined anew with them soon, and what is owned stays meanwhile. Unlike those of `GroupOptions`, such a topic may be deleted:
   * it is let go then, and the membership goes on. Topics that are read already are ignored, and so is a call after the end.
   */
  alsoRead(topics: readonly string[]): void
  /** What the membership is doing now; cheap enough for a health probe. */
  status(): ConsumerStatus
  /** Leaves the group and closes connections. Does not call `onRevoking`: the engine drains and commits first. Idempotent and bounded in time. */
  close(): Promise<void>
}

export interface ConsumerStatus {
  readonly state: 'joining' | 'stable' | 'rebalancing' | 'disconnected' | 'failed' | 'closed'
  readonly memberId: string
  readonly generation: number
  /** Milliseconds since the Unix epoch of the last accepted heartbeat; null before the first. */
  readonly lastHeartbeatAt: number | null
  /** Why it is not stable, or does not read some of its topics, when an error is the reason; null again when that is over. */
  readonly lastError: Error | null
}

export interface AppendResult {
  /** Offset of the first record of the batch. */
  readonly baseOffset: bigint
}

export interface AppendOptions {
  /** Give up after this many milliseconds. The driver retries until then whatever may heal. */
  readonly timeoutMs: number
}

/** Writes batches; each with its own connections, so that one producer never queues behind another. */
export interface DriverProducer {
  /** Partitions of a topic. @throws {TopicNotFoundError} when the cluster does not know it. */
  partitionCount(topic: string): Promise<number>
  /**
   * Appends one batch to one partition, whole or not at all, exactly once. Resolves when all in-sync replicas have it. Batches of one partition are
   * appended in the order of the calls.
   *
   * @throws {PublishError} whose `outcome` says whether the batch may be on the log: `not-written` or `unknown`.
   */
  append(partition: TopicPartition, records: readonly OutgoingRecord[], options: AppendOptions): Promise<AppendResult>
  /** Waits for what is under way, bounded by its own timeouts; then closes connections. Idempotent. */
  close(): Promise<void>
}

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  /** -1 takes the broker's default. */
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
}

export interface PartitionOffsets extends TopicPartition {
  readonly logStartOffset: bigint
  readonly logEndOffset: bigint
}

export interface DriverAdmin {
  listTopics(): Promise<readonly string[]>
  /** Topics that do not exist are left out. */
  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]>
  /** Resolves when leaders are elected. Existing topics are left as they are and reported in the result. */
  createTopics(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]>
  deleteTopics(topics: readonly string[]): Promise<void>
  createPartitions(topic: string, totalPartitions: number): Promise<void>
  topicConfigs(topic: string): Promise<ReadonlyMap<string, string>>
  /** Sets what is named, and leaves all other settings as they are, also those that somebody else changes at the same time. */
  alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void>
  offsets(topic: string): Promise<readonly PartitionOffsets[]>
  /** Committed offsets of a group in a topic; partitions without one are left out. */
  committed(group: string, topic: string): Promise<readonly (TopicPartition & CommittedOffset)[]>
  /** Stores offsets for a group without members. @throws {GroupHasMembersError} */
  setCommitted(group: string, offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void>
  /** Reads `[from, to)` of one partition, outside any group. Stops early at the end of the log. */
  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk>
  close(): Promise<void>
}

/** A way to reach Kafka. Cheap to make: nothing connects before it is used. */
export interface Driver {
  /** For messages and metrics: `kafkajs`, `in-memory`. */
  readonly name: string
  createProducer(options: { readonly clientId: string }): DriverProducer
  /** Starts joining at once. */
  joinGroup(options: GroupOptions & { readonly clientId: string }, listener: GroupListener): DriverConsumer
  createAdmin(options: { readonly clientId: string }): DriverAdmin
  /** Closes whatever was made and is still open. Idempotent and bounded in time. */
  close(): Promise<void>
}
