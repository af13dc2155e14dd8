import type { DriverAdmin, RawRecord, TopicPartition } from '@tributary/event-bus'

/** Where a topic's partitions ended at some moment. */
export type LogEnds = ReadonlyMap<string, bigint>

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

export async function logEnds(admin: DriverAdmin, topics: readonly string[]): Promise<LogEnds> {
  const ends = new Map<string, bigint>()
  for (const topic of topics)
    for (const bounds of await admin.offsets(topic)) ends.set(keyOf(bounds), bounds.logEndOffset)
  return ends
}

/** Every record that came onto a topic after `since`, read from the log itself and outside of any group. */
export async function recordsSince(admin: DriverAdmin, topic: string, since: LogEnds): Promise<RawRecord[]> {
  const records: RawRecord[] = []
  for (const bounds of await admin.offsets(topic)) {
    const from = since.get(keyOf(bounds)) ?? bounds.logStartOffset
    for await (const chunk of admin.readRange(bounds, from, bounds.logEndOffset)) records.push(...chunk.records)
  }
  return records
}

/** How many records of `topics` a group has not committed. */
export async function groupLag(admin: DriverAdmin, group: string, topics: readonly string[]): Promise<bigint> {
  let lag = 0n
  for (const topic of topics) {
    const committed = new Map((await admin.committed(group, topic)).map((offset) => [keyOf(offset), offset.nextOffset]))
    for (const bounds of await admin.offsets(topic))
      lag += bounds.logEndOffset - (committed.get(keyOf(bounds)) ?? bounds.logStartOffset)
  }
  return lag
}

/** A group without members starts after what is there: records of an earlier play are not this one's. */
export async function startGroupAt(
  admin: DriverAdmin,
  group: string,
  topics: readonly string[],
  ends: LogEnds,
): Promise<void> {
  const offsets = await Promise.all(topics.map((topic) => admin.offsets(topic)))
  const beginning = offsets.flat().map((bounds) => ({
    topic: bounds.topic,
    partition: bounds.partition,
    nextOffset: ends.get(keyOf(bounds)) ?? bounds.logEndOffset,
    metadata: '',
  }))
  const deadline = performance.now() + membersGoneWithinMs
  for (;;) {
    try {
      return await admin.setCommitted(group, beginning)
    } catch (error) {
      const isOccupied = error instanceof Error && 'code' in error && error.code === 'GROUP_HAS_MEMBERS'
      if (!isOccupied || performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/** The services of an earlier play have static names, and stay in their groups for a session timeout after they have ended: 10 s. */
const membersGoneWithinMs = 20_000
