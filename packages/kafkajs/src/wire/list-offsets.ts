import type { TopicPartition } from '@tributary/event-bus'
import { listOffsets } from './apis.ts'
import type { Cluster } from './cluster.ts'
import { BrokerError, code } from './failures.ts'

/** Kafka's names for the two ends of a log, in the place of a timestamp. */
export const EARLIEST = -2
export const LATEST = -1

const READ_COMMITTED = 1

export interface OffsetAnswer extends TopicPartition {
  readonly errorCode: number
  readonly offset: bigint
}

/** Asks one broker, which must lead all the partitions; error codes are the caller's. The end is what readers of committed records may reach. */
export async function offsetsAt(
  cluster: Cluster,
  leader: number,
  partitions: readonly TopicPartition[],
  end: typeof EARLIEST | typeof LATEST,
): Promise<OffsetAnswer[]> {
  const link = await cluster.link(leader, 'control')
  const answer = await link.call(
    listOffsets,
    {
      replicaId: -1,
      isolationLevel: READ_COMMITTED,
      topics: byTopic(partitions, ({ partition }) => ({ partition, timestamp: end })),
    },
    cluster.settings.requestTimeoutMs,
  )
  return answer.responses.flatMap(({ topic, partitions: answers }) =>
    answers.map(({ partition, errorCode, offset }) => ({ topic, partition, errorCode, offset: BigInt(offset) })),
  )
}

/** Both ends of each partition, in the order asked. @throws {BrokerError | LinkError} when any partition cannot say; try again. */
export async function logEnds(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<(TopicPartition & { logStartOffset: bigint; logEndOffset: bigint })[]> {
  const byLeader = new Map<number, TopicPartition[]>()
  for (const { topic, partition } of partitions) {
    const leader = cluster.leader(topic, partition)
    if (leader === -1)
      throw new BrokerError(cluster.topic(topic)?.errorCode || code.leaderNotAvailable, `${topic}/${partition}`)
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), { topic, partition }])
  }
  const answers = await Promise.all(
    [...byLeader].flatMap(([leader, led]) =>
      ([EARLIEST, LATEST] as const).map(async (end) => ({ end, offsets: await offsetsAt(cluster, leader, led, end) })),
    ),
  )
  const ends = { [EARLIEST]: new Map<string, bigint>(), [LATEST]: new Map<string, bigint>() }
  for (const { end, offsets } of answers) {
    for (const { topic, partition, errorCode, offset } of offsets) {
      if (errorCode !== code.none) throw new BrokerError(errorCode, `offsets of ${topic}/${partition}`)
      ends[end].set(`${partition} ${topic}`, offset)
    }
  }
  return partitions.map(({ topic, partition }) => {
    const logStartOffset = ends[EARLIEST].get(`${partition} ${topic}`)
    const logEndOffset = ends[LATEST].get(`${partition} ${topic}`)
    if (logStartOffset === undefined || logEndOffset === undefined) {
      throw new BrokerError(code.notLeaderForPartition, `offsets of ${topic}/${partition}`)
    }
    return { topic, partition, logStartOffset, logEndOffset }
  })
}

/** In the shape of most requests: partitions gathered under their topics. */
export function byTopic<Item extends TopicPartition, Entry>(
  items: readonly Item[],
  entryOf: (item: Item) => Entry,
): { topic: string; partitions: Entry[] }[] {
  const topics = new Map<string, Entry[]>()
  for (const item of items) topics.set(item.topic, [...(topics.get(item.topic) ?? []), entryOf(item)])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
