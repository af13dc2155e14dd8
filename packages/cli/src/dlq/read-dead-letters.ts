import type { DriverAdmin, TopicPartition } from '@tributary/event-bus'
import { type DeadLetter, deadLetterFrom } from './dead-letter.ts'

/** Reads `[from, to)` of one partition of a dead-letter topic. */
export async function* readDeadLetters(
  admin: DriverAdmin,
  { topic, partition }: TopicPartition,
  from: bigint,
  to: bigint,
): AsyncGenerator<DeadLetter> {
  for await (const chunk of admin.readRange({ topic, partition }, from, to)) {
    for (const record of chunk.records) yield deadLetterFrom(record, chunk)
  }
}

/** One dead letter, or null when nothing lies there. */
export async function readDeadLetter(
  admin: DriverAdmin,
  partition: TopicPartition,
  recordOffset: bigint,
): Promise<DeadLetter | null> {
  const bounds = (await admin.offsets(partition.topic)).find((offsets) => offsets.partition === partition.partition)
  if (!bounds || recordOffset < bounds.logStartOffset || recordOffset >= bounds.logEndOffset) return null
  for await (const letter of readDeadLetters(admin, partition, recordOffset, recordOffset + 1n)) return letter
  return null
}
