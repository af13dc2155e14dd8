/** What one partition remembers of the idempotent producers that wrote to it. */
import type { BatchHeader } from './batch-header.ts'
import { RefusedBatch } from './refused-batch.ts'

/** Kafka remembers this many batches of a producer: the most that a client may have in flight. */
const rememberedBatches = 5
const sequences = 2 ** 31

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
  readonly lastSequence: number
  /** Milliseconds since 1970. */
  readonly lastTimestampMs: bigint
}

interface Producer {
  epoch: number
  batches: WrittenBatch[]
}

/** Id, epoch, and first sequence, last sequence, base offset and time of each remembered batch. */
export type ProducerSnapshot = readonly (readonly [
  id: string,
  epoch: number,
  batches: readonly (readonly [number, number, string, string])[],
])[]

export class ProducerState {
  readonly #producers = new Map<bigint, Producer>()

  /**
   * Decides over a batch before it is appended.
   *
   * @returns the batch that it repeats, or undefined when it is new and in order.
   * @throws {RefusedBatch} when it belongs to a fenced producer or leaves a gap.
   */
  check(header: BatchHeader): WrittenBatch | undefined {
    const producer = this.#producers.get(header.producerId)
    // A producer that this partition never saw may begin anywhere: retention or DeleteRecords may have removed its past.
    if (header.producerId < 0n || !producer) return undefined

    if (header.producerEpoch < producer.epoch)
      throw new RefusedBatch('INVALID_PRODUCER_EPOCH', `epoch ${header.producerEpoch} is fenced by ${producer.epoch}`)
    if (header.producerEpoch > producer.epoch) {
      if (header.baseSequence !== 0) throw outOfOrder(header, 0)
      return undefined
    }
    const lastSequence = lastSequenceOf(header)
    const repeated = producer.batches.find(
      (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence,
    )
    if (repeated) return repeated
    const expected = ((producer.batches.at(-1)?.lastSequence ?? -1) + 1) % sequences
    if (header.baseSequence !== expected) throw outOfOrder(header, expected)
    return undefined
  }

  /** Every producer that this partition knows, with its latest batch. */
  *all(): Iterable<ActiveProducer> {
    for (const [producerId, { epoch, batches }] of this.#producers) {
      const last = batches.at(-1)
      if (last) yield { producerId, epoch, lastSequence: last.lastSequence, lastTimestampMs: last.timestampMs }
    }
  }

  /** As JSON, for {@link restore}. */
  snapshot(): ProducerSnapshot {
    return [...this.#producers].map(([id, { epoch, batches }]) => [
      String(id),
      epoch,
      batches.map(({ firstSequence, lastSequence, baseOffset, timestampMs }) => [
        firstSequence,
        lastSequence,
        String(baseOffset),
        String(timestampMs),
      ]),
    ])
  }

  /** What it knew of a producer before is forgotten. */
  restore(snapshot: ProducerSnapshot): void {
    for (const [id, epoch, batches] of snapshot)
      this.#producers.set(BigInt(id), {
        epoch,
        batches: batches.map(([firstSequence, lastSequence, baseOffset, timestampMs]) => ({
          firstSequence,
          lastSequence,
          baseOffset: BigInt(baseOffset),
          timestampMs: BigInt(timestampMs),
        })),
      })
  }

  wrote(header: BatchHeader, baseOffset: bigint, timestampMs: bigint): void {
    if (header.producerId < 0n) return
    let producer = this.#producers.get(header.producerId)
    if (!producer || producer.epoch !== header.producerEpoch) {
      producer = { epoch: header.producerEpoch, batches: [] }
      this.#producers.set(header.producerId, producer)
    }
    producer.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: lastSequenceOf(header),
      baseOffset,
      timestampMs,
    })
    if (producer.batches.length > rememberedBatches) producer.batches.shift()
  }
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
