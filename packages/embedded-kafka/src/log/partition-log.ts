/** The log of one partition, in memory: batches as their producers sent them, with the offsets that they got here. */
import { placeBatch, setMaxTimestamp } from './batch-header.ts'
import { type ActiveProducer, ProducerState } from './producer-state.ts'
import { recordsOf } from './records.ts'
import { type BatchRules, validateBatch } from './validate-batch.ts'

export interface StoredBatch {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly maxTimestamp: bigint
  readonly bytes: Buffer
}

export interface Appended {
  readonly baseOffset: bigint
  /** -1 where the producer's own time stands; Kafka tells it all the same of a batch that was repeated. */
  readonly logAppendTimeMs: bigint
}

export class PartitionLog {
  #batches: StoredBatch[] = []
  #startOffset: bigint
  #endOffset: bigint
  readonly #producers = new ProducerState()
  readonly #watchers = new Set<() => void>()

  constructor(startOffset = 0n) {
    this.#startOffset = startOffset
    this.#endOffset = startOffset
  }

  get startOffset(): bigint {
    return this.#startOffset
  }

  /** The offset that the next record will get; the high watermark is the same, for there are no slow replicas. */
  get endOffset(): bigint {
    return this.#endOffset
  }

  get batches(): readonly StoredBatch[] {
    return this.#batches
  }

  /**
   * Appends one whole batch, or recognises it as one that is there already.
   *
   * @throws {RefusedBatch} when nothing was appended.
   */
  append(batch: Buffer, leaderEpoch: number, rules: BatchRules, nowMs: number): Appended {
    const { header, maxTimestamp } = validateBatch(batch, rules, nowMs)
    const repeated = this.#producers.check(header)
    if (repeated) return { baseOffset: repeated.baseOffset, logAppendTimeMs: repeated.timestampMs }

    // The log keeps a copy: the request's bytes are part of a socket's larger buffer, which would stay alive with them.
    const bytes = Buffer.from(batch)
    const baseOffset = this.#endOffset
    const isAppendTime = rules.timestampType === 'LogAppendTime'
    const timestampMs = isAppendTime ? BigInt(nowMs) : maxTimestamp
    placeBatch(bytes, baseOffset, leaderEpoch)
    if (timestampMs !== header.maxTimestamp || rules.timestampType !== header.timestampType)
      setMaxTimestamp(bytes, timestampMs, rules.timestampType)

    const lastOffset = baseOffset + BigInt(header.lastOffsetDelta)
    this.#batches.push({ baseOffset, lastOffset, maxTimestamp: timestampMs, bytes })
    this.#endOffset = lastOffset + 1n
    this.#producers.wrote(header, baseOffset, timestampMs)
    this.wake()
    return { baseOffset, logAppendTimeMs: isAppendTime ? timestampMs : -1n }
  }

  /**
   * Whole batches from the one that holds `offset`, as many as fit into `maxBytes`.
   * With `atLeastOne`, the first comes even when it alone is larger: a consumer must always be able to go on.
   */
  read(offset: bigint, maxBytes: number, atLeastOne: boolean): { batches: Buffer[]; sizeBytes: number } {
    const batches: Buffer[] = []
    let sizeBytes = 0
    for (let index = this.#indexOf(offset); index < this.#batches.length; index++) {
      const { bytes } = this.#batches[index] as StoredBatch
      if (sizeBytes + bytes.length > maxBytes && !(atLeastOne && batches.length === 0)) break
      batches.push(bytes)
      sizeBytes += bytes.length
    }
    return { batches, sizeBytes }
  }

  get activeProducers(): Iterable<ActiveProducer> {
    return this.#producers.all()
  }

  get sizeBytes(): number {
    return this.#batches.reduce((size, { bytes }) => size + bytes.length, 0)
  }

  /** The latest time of any batch; -1 while there is none. */
  get maxTimestamp(): bigint {
    let latest = -1n
    for (const { maxTimestamp } of this.#batches) if (maxTimestamp > latest) latest = maxTimestamp
    return latest
  }

  /** The first record at or after that time. */
  offsetAt(timestampMs: bigint): { offset: bigint; timestampMs: bigint } | undefined {
    for (const batch of this.#batches) {
      if (batch.maxTimestamp < timestampMs) continue
      const record = recordsOf(batch.bytes).find(
        (candidate) => candidate.timestamp >= timestampMs && candidate.offset >= this.#startOffset,
      )
      if (record) return { offset: record.offset, timestampMs: record.timestamp }
    }
    return undefined
  }

  /** Makes everything below `offset` unreadable, as DeleteRecords does. */
  deleteBefore(offset: bigint): void {
    this.#startOffset = offset
    this.#batches = this.#batches.slice(this.#indexOf(offset))
    this.wake()
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

  /** The index of the first batch whose last offset is not below `offset`. */
  #indexOf(offset: bigint): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle] as StoredBatch).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
