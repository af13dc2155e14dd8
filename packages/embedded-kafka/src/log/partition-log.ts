/** The log of one partition: batches as their producers sent them, with the offsets that they got here. */
import type { Turns } from '../cluster/turns.ts'
import { MemoryStorage } from '../storage/memory-storage.ts'
import { noTimestamp, type SegmentStore, type StoredBatch } from '../storage/segment.ts'
import type { PartitionPlace, Storage } from '../storage/storage.ts'
import { placeBatch, setMaxTimestamp } from './batch-header.ts'
import { type BatchesRead, batchesBefore } from './committed-read.ts'
import { Compaction } from './compaction.ts'
import { type Marker, markerBatch } from './control-batch.ts'
import { defaultLogPolicy, type LogPolicy } from './log-policy.ts'
import { type ActiveProducer, ProducerState, type TransactionalWrite } from './producer-state.ts'
import { recordsOf } from './records.ts'
import { RefusedBatch } from './refused-batch.ts'
import { expiredSegments } from './retention.ts'
import type { AbortedTransaction } from './transaction-index.ts'
import { type BatchRules, validateBatch } from './validate-batch.ts'

export interface Appended {
  readonly baseOffset: bigint
  /** -1 where the producer's own time stands; Kafka tells it all the same of a batch that was repeated. */
  readonly logAppendTimeMs: bigint
}

export interface LogOptions {
  /** Where a new log begins, and below which nothing of a stored one is read. */
  readonly startOffset?: bigint
  readonly storage?: Storage
  readonly place?: PartitionPlace
  /** Asked whenever it matters: settings change while the log lives. */
  readonly policy?: () => LogPolicy
  /** Told when records were deleted on purpose, before their bytes are. */
  readonly startMoved?: (startOffset: bigint) => void
}

export class PartitionLog {
  readonly #store: SegmentStore
  readonly #policy: () => LogPolicy
  readonly #startMoved: (startOffset: bigint) => void
  readonly #producers = new ProducerState()
  readonly #compaction: Compaction
  readonly #watchers = new Set<() => void>()
  #startOffset: bigint
  #endOffset: bigint

  constructor(options: LogOptions = {}) {
    const { startOffset = 0n, storage = new MemoryStorage(), place = { topic: '', partition: 0 } } = options
    this.#policy = options.policy ?? (() => defaultLogPolicy)
    this.#startMoved = options.startMoved ?? (() => {})
    this.#store = storage.openPartition(place, startOffset, this.#producers)
    this.#compaction = new Compaction(this.#store, this.#producers)
    const firstOffset = this.#store.segments[0]?.baseOffset ?? 0n
    this.#endOffset = this.#store.active.nextOffset
    this.#producers.transactions.endAt(this.#endOffset)
    this.#startOffset = firstOffset > startOffset ? firstOffset : startOffset
    // Only a crash of the machine can leave a log that ends before the place up to which its records were deleted.
    if (this.#startOffset > this.#endOffset) this.#beginAgainAt(this.#startOffset)
  }

  get startOffset(): bigint {
    return this.#startOffset
  }

  /** The offset that the next record will get; the high watermark is the same, for there are no slow replicas. */
  get endOffset(): bigint {
    return this.#endOffset
  }

  /**
   * Everything before it is decided: the end of the log, or where the oldest open transaction begins.
   * It never goes back, for a transaction can only begin at the end.
   */
  get lastStableOffset(): bigint {
    const firstOpen = this.#producers.transactions.firstOpenOffset ?? this.#endOffset
    if (firstOpen >= this.#startOffset) return firstOpen
    // DeleteRecords has removed the beginning of one that is open. As in Kafka, it begins with the batch that holds the start then.
    const [first] = this.batches()
    return first?.baseOffset ?? this.#startOffset
  }

  /** What lies on the log in bytes, some of them below its start. */
  get sizeBytes(): number {
    return this.#store.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  /** All batches that hold a record from the start on. */
  *batches(): Iterable<StoredBatch> {
    for (const segment of this.#store.segments) yield* segment.batchesFrom(this.#startOffset)
  }

  /**
   * Appends one whole batch, or recognises it as one that is there already. What the broker has to say is written into
   * `batch` itself, as Kafka does: a request's bytes are read once.
   *
   * @throws {RefusedBatch} when nothing was appended.
   * @throws {StorageFailed} when it could not be written: nothing was appended either.
   */
  append(batch: Buffer, leaderEpoch: number, rules: BatchRules, nowMs: number): Appended {
    const { header, maxTimestamp } = validateBatch(batch, rules, nowMs)
    const repeated = this.#producers.check(header)
    if (repeated) return { baseOffset: repeated.baseOffset, logAppendTimeMs: repeated.timestampMs }

    const baseOffset = this.#endOffset
    const isAppendTime = rules.timestampType === 'LogAppendTime'
    const timestampMs = isAppendTime ? BigInt(nowMs) : maxTimestamp
    placeBatch(batch, baseOffset, leaderEpoch)
    if (timestampMs !== header.maxTimestamp || rules.timestampType !== header.timestampType)
      setMaxTimestamp(batch, timestampMs, rules.timestampType)

    const lastOffset = baseOffset + BigInt(header.lastOffsetDelta)
    this.#append({ baseOffset, lastOffset, maxTimestamp: timestampMs, bytes: batch }, () =>
      this.#producers.wrote(header, baseOffset, timestampMs),
    )
    return { baseOffset, logAppendTimeMs: isAppendTime ? timestampMs : -1n }
  }

  /** What a transactional batch would do to the transaction of its producer; asked before the coordinator is. */
  transactionalWrite(...sent: Parameters<ProducerState['transactionalWrite']>): TransactionalWrite {
    return this.#producers.transactionalWrite(...sent)
  }

  /**
   * Writes how a producer's transaction ended. The marker takes an offset, which no consumer ever sees a record at.
   *
   * @throws {RefusedBatch} when the producer or the coordinator is fenced.
   * @throws {StorageFailed} when it could not be written: the transaction is still open.
   */
  endTransaction(marker: Marker, leaderEpoch: number, nowMs: number): void {
    this.#producers.checkMarker(marker)
    const bytes = markerBatch(marker, nowMs)
    const offset = this.#endOffset
    const maxTimestamp = BigInt(nowMs)
    placeBatch(bytes, offset, leaderEpoch)
    this.#append({ baseOffset: offset, lastOffset: offset, maxTimestamp, bytes }, () =>
      this.#producers.wroteMarker(marker, offset, maxTimestamp),
    )
  }

  /**
   * Whole batches from the one that holds `offset`, as many as fit into `maxBytes`; one buffer may hold several.
   * With `atLeastOne`, the first comes even when it alone is larger: a consumer must always be able to go on.
   */
  read(offset: bigint, maxBytes: number, atLeastOne: boolean): BatchesRead {
    const { segments } = this.#store
    const first = segments.findLastIndex(({ baseOffset }) => baseOffset <= offset)
    let found = { batches: [] as Buffer[], sizeBytes: 0 }
    for (let index = Math.max(0, first); index < segments.length; index++) {
      const wantsOne = atLeastOne && found.sizeBytes === 0
      const next = segments[index]?.read(offset, maxBytes - found.sizeBytes, wantsOne)
      if (!next) break
      // Nearly always there is one segment, and its list is the answer.
      found =
        found.sizeBytes === 0
          ? next
          : { batches: [...found.batches, ...next.batches], sizeBytes: found.sizeBytes + next.sizeBytes }
      if (!next.reachesEnd) break
    }
    return found
  }

  /** As {@link read}, up to the last stable offset, and which transactions among them were aborted: readers leave their records out. */
  readCommitted(
    offset: bigint,
    maxBytes: number,
    atLeastOne: boolean,
  ): BatchesRead & { abortedTransactions: AbortedTransaction[] } {
    // As Kafka does, which does not look for any where there is nothing to read.
    if (offset >= this.lastStableOffset) return { batches: [], sizeBytes: 0, abortedTransactions: [] }
    const found = this.read(offset, maxBytes, atLeastOne)
    // Nearly always nothing is open and nothing was aborted, and nobody has to look at the batches.
    const isAllCommitted = this.lastStableOffset === this.#endOffset
    if (isAllCommitted && this.abortedTransactions(offset, this.#endOffset).length === 0)
      return { ...found, abortedTransactions: [] }
    const read = batchesBefore(this.lastStableOffset, found, offset)
    return { ...read, abortedTransactions: this.abortedTransactions(offset, read.nextOffset) }
  }

  /** Those that were aborted and have written something between the two offsets. */
  abortedTransactions(from: bigint, to: bigint): AbortedTransaction[] {
    return this.#producers.transactions.abortedBetween(from, to)
  }

  /** Forgets producers that were idle for long. @returns when that is due again, in milliseconds since 1970. */
  forgetIdleProducers(nowMs: number): number {
    return this.#producers.forgetIdle(nowMs)
  }

  get activeProducers(): Iterable<ActiveProducer> {
    return this.#producers.all()
  }

  /** The latest time of any batch; -1 while there is none. */
  get maxTimestamp(): bigint {
    let latest = noTimestamp
    for (const segment of this.#store.segments) {
      // Only what can still be read counts: the first segment may reach below the start.
      const readable = segment.baseOffset < this.#startOffset ? segment.batchesFrom(this.#startOffset) : [segment]
      for (const { maxTimestamp } of readable) if (maxTimestamp > latest) latest = maxTimestamp
    }
    return latest
  }

  /** The first record at or after that time. */
  offsetAt(timestampMs: bigint): { offset: bigint; timestampMs: bigint } | undefined {
    for (const segment of this.#store.segments) {
      if (segment.maxTimestamp < timestampMs) continue
      for (const batch of segment.batchesSince(timestampMs)) {
        const record = recordsOf(batch.bytes).find(
          ({ timestamp, offset }) => timestamp >= timestampMs && offset >= this.#startOffset,
        )
        if (record) return { offset: record.offset, timestampMs: record.timestamp }
      }
    }
    return undefined
  }

  /** Makes everything below `offset` unreadable, as DeleteRecords does. Segments that are wholly below it are removed. */
  deleteBefore(offset: bigint): void {
    this.#startMoved(offset)
    this.#startOffset = offset
    const { segments } = this.#store
    this.#store.remove(segments.filter((_, index) => (segments[index + 1]?.baseOffset ?? offset + 1n) <= offset))
    this.#producers.transactions.forgetBefore(offset)
    this.wake()
  }

  /** Removes what retention does not keep, by whole segments. */
  expire(nowMs: number): void {
    const { segments } = this.#store
    const expired = expiredSegments(segments, this.#policy(), this.#startOffset, nowMs)
    if (expired.length === 0) return
    if (expired.length === segments.length) this.#store.roll(this.#endOffset, this.#producers)
    this.#store.remove(expired)
    const firstOffset = this.#store.segments[0]?.baseOffset ?? this.#endOffset
    if (firstOffset > this.#startOffset) this.#startOffset = firstOffset
    this.#producers.transactions.forgetBefore(this.#startOffset)
    this.wake()
  }

  /** When the oldest records will be too old, in milliseconds since 1970; Infinity where they may stay. */
  get expiresAt(): number {
    const { deletes, retentionMs } = this.#policy()
    const oldest = this.#store.segments.find(({ maxTimestamp }) => maxTimestamp > noTimestamp)
    return deletes && oldest ? Number(oldest.maxTimestamp) + retentionMs + 1 : Number.POSITIVE_INFINITY
  }

  /** Removes records whose key has a later one, where the topic says so. Reading and appending go on whenever a turn is over. */
  async compact(nowMs: number, turns: Turns): Promise<void> {
    const policy = this.#policy()
    if (policy.compacts) await this.#compaction.run(policy, this, nowMs, turns)
  }

  /** Calls `watcher` after every change until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Also called when the partition's leader moves: long polls must notice. */
  wake(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Nothing of it is left. */
  destroy(): void {
    this.#store.destroy()
  }

  close(): Promise<void> {
    return this.#store.close(this.#producers)
  }

  /** Once it is written, `note` says what it changes for producers. */
  #append(batch: StoredBatch, note: () => void): void {
    this.#rollFor(batch.bytes.length, batch.maxTimestamp)
    this.#store.active.append(batch)
    this.#endOffset = batch.lastOffset + 1n
    note()
    this.#store.appended(this.#producers)
    this.wake()
  }

  #rollFor(batchBytes: number, timestampMs: bigint): void {
    const { segmentBytes, segmentMs } = this.#policy()
    if (batchBytes > segmentBytes)
      throw new RefusedBatch('RECORD_LIST_TOO_LARGE', `the batch has ${batchBytes} bytes, a segment ${segmentBytes}`)
    const { active } = this.#store
    if (active.sizeBytes === 0) return
    const isTooOld = Number(timestampMs - active.firstTimestamp) > segmentMs
    if (isTooOld || active.sizeBytes + batchBytes > segmentBytes) this.#store.roll(this.#endOffset, this.#producers)
  }

  #beginAgainAt(offset: bigint): void {
    const { segments } = this.#store
    this.#endOffset = offset
    this.#store.roll(offset, this.#producers)
    this.#store.remove(segments)
  }
}
