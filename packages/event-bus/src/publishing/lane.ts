import type { Clock } from '../clock.ts'
import type { AppendResult, DriverProducer, TopicPartition } from '../driver.ts'
import { type PublishError, WriteRefusedError } from '../errors.ts'
import { errorTypeOf } from '../tracing/error-type.ts'
import type { PublisherMetrics } from '../tracing/telemetry.ts'
import type { PendingRecord } from './pending-record.ts'
import { RecordQueue } from './record-queue.ts'

/** What a lane needs of the batcher around it. */
export interface LaneHost {
  readonly producer: DriverProducer
  readonly clock: Clock
  readonly metrics: PublisherMetrics
  readonly maxBatchRecords: number
  /** Goes up by one each time the ready lanes send. */
  readonly round: number
  /** Gives back the room of a record that is held no longer. */
  release(record: PendingRecord): void
  /** The lane can send: it has become free, or has got its first record. */
  ready(lane: Lane): void
  /** The cluster does not know the topic any more. */
  topicGone(topic: string): void
}

/**
 * The driver is given a little less time than the callers have, in milliseconds: it knows whether anything was written, and a caller that gives up by
 * itself can only say `unknown`.
 */
const answerMarginMs = 250
/** A call without a deadline must not overflow the driver's timers. */
const longestTimeoutMs = 2 ** 31 - 1

/**
 * The records of one partition. One append is in flight at a time; what gathers meanwhile is the next batch. So order needs no further thought, a
 * failed append is followed by nothing that was meant to come after it, and batches grow with the load by themselves.
 */
export class Lane {
  readonly partition: TopicPartition
  readonly #host: LaneHost
  readonly #queue: RecordQueue
  /** Halves of a batch that was too large, in order; they come before everything queued. */
  #halves: PendingRecord[][] = []
  #isSending = false
  #isReady = false
  #maxBatchBytes: number

  constructor(partition: TopicPartition, maxBatchBytes: number, host: LaneHost) {
    this.partition = partition
    this.#maxBatchBytes = maxBatchBytes
    this.#host = host
    this.#queue = new RecordQueue((record) => host.release(record))
  }

  push(record: PendingRecord): void {
    this.#queue.push(record)
    if (!this.#isSending) this.#announce()
  }

  /** Sends the next batch. Called once for each time the lane said that it is ready, which it is only while nothing is in flight. */
  send(): void {
    this.#isReady = false
    const batch = this.#nextBatch()
    if (batch.length === 0) return
    this.#isSending = true
    for (const record of batch) record.state = 'sent'
    const startedAt = this.#host.clock.monotonic()
    // The longest deadline counts: a caller who waits less gives up alone, and takes nobody with him.
    let leftMs = 0
    for (const record of batch) leftMs = Math.max(leftMs, record.call.deadlineAt - startedAt)
    const timeoutMs = Math.min(Math.max(1, leftMs - Math.min(answerMarginMs, leftMs / 20)), longestTimeoutMs)
    append(this.#host.producer, this.partition, batch, timeoutMs).then(
      (result) => this.#written(batch, result, startedAt),
      (error: unknown) => this.#failed(batch, asPublishError(error, this.partition), startedAt),
    )
  }

  #nextBatch(): PendingRecord[] {
    for (let half = this.#halves.shift(); half !== undefined; half = this.#halves.shift()) {
      const wanted: PendingRecord[] = []
      for (const record of half) {
        if (record.state === 'buffered') wanted.push(record)
        else this.#host.release(record)
      }
      if (wanted.length > 0) return wanted
    }
    return this.#queue.take(this.#maxBatchBytes, this.#host.maxBatchRecords)
  }

  #written(batch: readonly PendingRecord[], result: AppendResult, startedAt: number): void {
    const { clock, metrics } = this.#host
    metrics.sent(this.partition.topic, batch.length, clock.monotonic() - startedAt)
    let offset = result.baseOffset
    for (const record of batch) {
      this.#host.release(record)
      record.call.acknowledge(record, this.partition.partition, offset)
      offset += 1n
    }
    this.#free()
  }

  #failed(batch: PendingRecord[], error: PublishError, startedAt: number): void {
    const { clock, metrics } = this.#host
    metrics.sent(this.partition.topic, batch.length, clock.monotonic() - startedAt, errorTypeOf(error))
    if (error.code === 'RECORD_TOO_LARGE' && error.outcome === 'not-written' && batch.length > 1) {
      this.#split(batch)
    } else {
      if (error.code === 'TOPIC_NOT_FOUND') this.#host.topicGone(this.partition.topic)
      for (const record of batch) {
        this.#host.release(record)
        record.call.fail(record, error)
      }
    }
    this.#free()
  }

  /**
   * The brokers weigh batches, not records. Halving until single records are refused makes only the culprit fail; the left half goes first, so order
   * is kept. Later batches are made small enough at once. Only for a batch that is certainly not on the log: an earlier attempt, at a leader with a larger
   * limit, may have written it, and its halves would be there a second time.
   */
  #split(batch: PendingRecord[]): void {
    let bytes = 0
    for (const record of batch) {
      bytes += record.bytes
      // Nothing of a refused batch is on the log: whoever gives up now is told so.
      if (record.state === 'sent') record.state = 'buffered'
    }
    this.#maxBatchBytes = Math.min(this.#maxBatchBytes, Math.ceil(bytes / 2))
    const middle = batch.length >> 1
    this.#halves.unshift(batch.slice(0, middle), batch.slice(middle))
  }

  #free(): void {
    this.#isSending = false
    if (this.#halves.length > 0 || this.#queue.size > 0) this.#announce()
  }

  #announce(): void {
    if (this.#isReady) return
    this.#isReady = true
    this.#host.ready(this)
  }
}

/** A driver that throws instead of rejecting must not stop the lane. */
async function append(
  producer: DriverProducer,
  partition: TopicPartition,
  batch: readonly PendingRecord[],
  timeoutMs: number,
): Promise<AppendResult> {
  return await producer.append(partition, batch, { timeoutMs })
}

/** Errors that are not the port's say nothing about the log. */
function asPublishError(error: unknown, { topic, partition }: TopicPartition): PublishError {
  if (isPublishError(error)) return error
  return new WriteRefusedError(`the driver failed while appending to ${topic}[${partition}]`, {
    outcome: 'unknown',
    cause: error,
  })
}

/** By its fields: a driver may have been built with another copy of this package. */
function isPublishError(error: unknown): error is PublishError {
  return error instanceof Error && 'code' in error && 'outcome' in error
}
