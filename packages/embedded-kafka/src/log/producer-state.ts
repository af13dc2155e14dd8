/** What one partition remembers of the idempotent and transactional producers that wrote to it. */
import type { BatchHeader } from './batch-header.ts'
import { type Marker, markerOf } from './control-batch.ts'
import { FirstWrites } from './first-writes.ts'
import { RefusedBatch } from './refused-batch.ts'
import { TransactionIndex, type TransactionSnapshot } from './transaction-index.ts'

/** Kafka remembers this many batches of a producer: the most that a client may have in flight. */
const rememberedBatches = 5
/** Kafka's default of `producer.id.expiration.ms`. */
const expirationMs = 86_400_000n
const sequences = 2 ** 31
/** Of a producer that was never seen: a lower one is nobody's. */
const noEpoch = -1

interface WrittenBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: bigint
  readonly timestampMs: bigint
}

/** An idempotent producer as a partition remembers it. */
export interface ActiveProducer {
  readonly producerId: bigint
  readonly epoch: number
  /** -1 when nothing was written in this epoch but a marker. */
  readonly lastSequence: number
  /** Milliseconds since 1970. */
  readonly lastTimestampMs: bigint
  /** Of the last marker; -1 before the first. */
  readonly coordinatorEpoch: number
  /** Where its open transaction begins here; -1 when it has none. */
  readonly transactionStartOffset: bigint
}

export type TransactionalWrite = 'continues' | 'begins' | 'is fenced'

interface Producer {
  epoch: number
  batches: WrittenBatch[]
  coordinatorEpoch: number
  lastTimestampMs: bigint
}

/** As JSON: of each producer its remembered batches with first sequence, last sequence, base offset and time. */
export interface ProducerSnapshot {
  readonly producers: readonly (readonly [
    id: string,
    epoch: number,
    coordinatorEpoch: number,
    lastTimestampMs: string,
    batches: readonly (readonly [number, number, string, string])[],
  ])[]
  readonly transactions: TransactionSnapshot
}

export class ProducerState {
  readonly transactions: TransactionIndex = new TransactionIndex()
  readonly #firstWrites = new FirstWrites()
  readonly #producers = new Map<bigint, Producer>()

  /**
   * Decides over a batch before it is appended.
   *
   * @returns the batch that it repeats, or undefined when it is new and in order.
   * @throws {RefusedBatch} when it belongs to a fenced producer, leaves a gap, or is none of the open transaction.
   */
  check(header: BatchHeader): WrittenBatch | undefined {
    if (header.producerId < 0n) return undefined
    const producer = this.#producers.get(header.producerId)
    refuseFenced(header.producerEpoch, producer?.epoch ?? noEpoch)
    const repeated = producer && this.#repeated(header, producer)
    if (repeated) return repeated
    this.#firstWrites.check(header, producer !== undefined && producer.batches.length > 0)
    // A producer that this partition never saw may begin anywhere: retention or DeleteRecords may have removed its past.
    if (!producer) return undefined

    // In a new epoch sequences begin again. After nothing but a marker they do too.
    const last = header.producerEpoch > producer.epoch ? undefined : producer.batches.at(-1)
    const expected = ((last?.lastSequence ?? -1) + 1) % sequences
    // In an epoch below all that brokers give, nobody's sequences are kept.
    if (producer.epoch !== noEpoch && header.baseSequence !== expected) throw outOfOrder(header, expected)
    if (!header.isTransactional && this.transactions.openSince(header.producerId) !== undefined)
      throw new RefusedBatch('INVALID_TXN_STATE', `producer ${header.producerId} has an open transaction here`)
    return undefined
  }

  /**
   * What a transactional batch would do here. One that begins something is remembered: the coordinator has to be asked
   * before it is written.
   */
  transactionalWrite(header: BatchHeader, hasOwnEpoch: boolean, nowMs: number): TransactionalWrite {
    const { producerId, producerEpoch } = header
    const epoch = this.#producers.get(producerId)?.epoch ?? noEpoch
    if (producerEpoch < epoch) return 'is fenced'
    if (producerEpoch === epoch && this.transactions.openSince(producerId) !== undefined) return 'continues'
    this.#firstWrites.attempted(header, hasOwnEpoch, nowMs)
    return 'begins'
  }

  /** @throws {RefusedBatch} when the marker is of a producer or a coordinator that is fenced. */
  checkMarker({ producerId, producerEpoch, coordinatorEpoch }: Marker): void {
    const producer = this.#producers.get(producerId)
    if (!producer) return
    refuseFenced(producerEpoch, producer.epoch)
    if (coordinatorEpoch < producer.coordinatorEpoch)
      throw new RefusedBatch(
        'TRANSACTION_COORDINATOR_FENCED',
        `coordinator epoch ${coordinatorEpoch} is fenced by ${producer.coordinatorEpoch}`,
      )
  }

  /**
   * Whether that batch is the latest thing that is known of its producer: recovery would forget the producer without it,
   * or take its next batch for one out of order.
   */
  isLatest({ producerId, producerEpoch, baseOffset, isControl }: BatchHeader): boolean {
    const producer = this.#producers.get(producerId)
    if (producer?.epoch !== producerEpoch) return false
    const latest = producer.batches.at(-1)
    return isControl ? latest === undefined : latest?.baseOffset === baseOffset
  }

  /** Every producer that this partition knows, with its latest batch. */
  *all(): Iterable<ActiveProducer> {
    for (const [producerId, { epoch, batches, coordinatorEpoch, lastTimestampMs }] of this.#producers)
      yield {
        producerId,
        epoch,
        lastSequence: batches.at(-1)?.lastSequence ?? -1,
        lastTimestampMs,
        coordinatorEpoch,
        transactionStartOffset: this.transactions.openSince(producerId) ?? -1n,
      }
  }

  /**
   * Forgets producers whose latest record is a day old: what they send next is taken as of a producer that was never
   * seen here. Those in a transaction stay.
   *
   * @returns when the next one is that old, in milliseconds since 1970; Infinity where none will be.
   */
  forgetIdle(nowMs: number): number {
    let nextAt = this.#firstWrites.forgetIdle(nowMs, Number(expirationMs))
    for (const [producerId, { lastTimestampMs }] of this.#producers) {
      if (this.transactions.openSince(producerId) !== undefined) continue
      const forgottenAt = Number(lastTimestampMs + expirationMs)
      if (forgottenAt <= nowMs) this.#producers.delete(producerId)
      else nextAt = Math.min(nextAt, forgottenAt)
    }
    return nextAt
  }

  /** As JSON, for {@link restore}. */
  snapshot(): ProducerSnapshot {
    const producers = [...this.#producers].map(
      ([id, { epoch, coordinatorEpoch, lastTimestampMs, batches }]) =>
        [
          String(id),
          epoch,
          coordinatorEpoch,
          String(lastTimestampMs),
          batches.map(
            ({ firstSequence, lastSequence, baseOffset, timestampMs }) =>
              [firstSequence, lastSequence, String(baseOffset), String(timestampMs)] as const,
          ),
        ] as const,
    )
    return { producers, transactions: this.transactions.snapshot() }
  }

  /** What it knew of a producer before is forgotten. */
  restore({ producers, transactions }: ProducerSnapshot): void {
    for (const [id, epoch, coordinatorEpoch, lastTimestampMs, batches] of producers)
      this.#producers.set(BigInt(id), {
        epoch,
        coordinatorEpoch,
        lastTimestampMs: BigInt(lastTimestampMs),
        batches: batches.map(([firstSequence, lastSequence, baseOffset, timestampMs]) => ({
          firstSequence,
          lastSequence,
          baseOffset: BigInt(baseOffset),
          timestampMs: BigInt(timestampMs),
        })),
      })
    this.transactions.restore(transactions)
  }

  /** A batch that an earlier process wrote. */
  found(bytes: Buffer, header: BatchHeader): void {
    const { baseOffset, maxTimestamp, isControl } = header
    const marker = isControl ? markerOf(bytes, header) : undefined
    if (marker) this.wroteMarker(marker, baseOffset, maxTimestamp)
    else if (!isControl) this.wrote(header, baseOffset, maxTimestamp)
  }

  wrote(header: BatchHeader, baseOffset: bigint, timestampMs: bigint): void {
    if (header.producerId < 0n) return
    const producer = this.#producer(header.producerId, header.producerEpoch)
    producer.lastTimestampMs = timestampMs
    producer.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: lastSequenceOf(header),
      baseOffset,
      timestampMs,
    })
    if (producer.batches.length > rememberedBatches) producer.batches.shift()
    if (!header.isTransactional) return
    this.transactions.wrote(header.producerId, baseOffset)
    this.#firstWrites.written(header.producerId)
  }

  wroteMarker(marker: Marker, offset: bigint, timestampMs: bigint): void {
    const producer = this.#producer(marker.producerId, marker.producerEpoch)
    producer.coordinatorEpoch = marker.coordinatorEpoch
    producer.lastTimestampMs = timestampMs
    this.transactions.ended(marker.producerId, marker.outcome, offset)
    this.#firstWrites.ended(marker.producerId, marker.producerEpoch)
  }

  #repeated(header: BatchHeader, { epoch, batches }: Producer): WrittenBatch | undefined {
    if (header.producerEpoch !== epoch) return undefined
    const lastSequence = lastSequenceOf(header)
    return batches.find((batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence)
  }

  /** The producer in that epoch; what it wrote in an earlier one can not be repeated any more. */
  #producer(producerId: bigint, epoch: number): Producer {
    const known = this.#producers.get(producerId)
    if (known?.epoch === epoch) return known
    const producer = { epoch, batches: [], coordinatorEpoch: known?.coordinatorEpoch ?? -1, lastTimestampMs: -1n }
    this.#producers.set(producerId, producer)
    return producer
  }
}

function refuseFenced(epoch: number, knownEpoch: number): void {
  if (epoch < knownEpoch) throw new RefusedBatch('INVALID_PRODUCER_EPOCH', `epoch ${epoch} is fenced by ${knownEpoch}`)
}

/** Sequences wrap around to 0 after 2^31 - 1. */
function lastSequenceOf(header: BatchHeader): number {
  return (header.baseSequence + header.lastOffsetDelta) % sequences
}

function outOfOrder(header: BatchHeader, expected: number): RefusedBatch {
  return new RefusedBatch(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `producer ${header.producerId} sent sequence ${header.baseSequence}, expected was ${expected}`,
  )
}
