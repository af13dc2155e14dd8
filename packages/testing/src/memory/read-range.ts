import { type Chunk, ClusterUnavailableError, type TopicPartition } from '@tributary/event-bus'
import type { PartitionLog } from './partition-log.ts'

const RANGE_CHUNK_BYTES = 1_048_576

/** Reads `[from, to)` chunk by chunk. @throws the signal's reason when it aborts. */
export async function* readLogRange(
  log: PartitionLog,
  { topic, partition }: TopicPartition,
  range: { readonly from: bigint; readonly to: bigint; readonly epoch: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk> {
  let position = range.from
  while (position < range.to && position < log.endOffset) {
    signal?.throwIfAborted()
    const slice = log.read(position, RANGE_CHUNK_BYTES, range.to)
    yield { topic, partition, epoch: range.epoch, fetchedFrom: position, highWatermark: log.endOffset, ...slice }
    position = slice.nextPosition
  }
}

// biome-ignore lint/correctness/useYield: it fails before there is anything
export async function* failingRead({ topic, partition }: TopicPartition): AsyncGenerator<Chunk> {
  throw new ClusterUnavailableError(`no broker answers for ${topic}/${partition}`)
}
