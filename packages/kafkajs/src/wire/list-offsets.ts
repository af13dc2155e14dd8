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

export interface LogEnds {
  readonly logStartOffset: bigint
  readonly logEndOffset: bigint
}

/** Both ends of each partition, in the order asked; in the place of one that cannot say at the moment, why. */
export async function logEnds(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<(LogEnds | Error)[]> {
  const byLeader = new Map<number, TopicPartition[]>()
  for (const partition of partitions) {
    const leader = cluster.leader(partition.topic, partition.partition)
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
  }
  const found = new Map<TopicPartition, LogEnds | Error>()
  await Promise.all(
    [...byLeader].map(async ([leader, led]) => {
      for (const [index, ends] of (await endsAt(cluster, leader, led)).entries())
        found.set(led[index] as TopicPartition, ends)
    }),
  )
  return partitions.map((partition) => found.get(partition) as LogEnds | Error)
}

async function endsAt(cluster: Cluster, leader: number, led: readonly TopicPartition[]): Promise<(LogEnds | Error)[]> {
  if (leader === -1) {
    return led.map(({ topic, partition }) => {
      return new BrokerError(
        cluster.topic(topic)?.errorCode || code.leaderNotAvailable,
        `offsets of ${topic}/${partition}`,
      )
    })
  }
  try {
    const [starts, ends] = await Promise.all([
      offsetsAt(cluster, leader, led, EARLIEST),
      offsetsAt(cluster, leader, led, LATEST),
    ])
    return led.map(({ topic, partition }) => {
      const isIt = (answer: OffsetAnswer): boolean => answer.topic === topic && answer.partition === partition
      const [start, end] = [starts.find(isIt), ends.find(isIt)]
      const errorCode = (start?.errorCode || end?.errorCode) ?? code.notLeaderForPartition
      if (errorCode !== code.none || start === undefined || end === undefined) {
        return new BrokerError(errorCode || code.notLeaderForPartition, `offsets of ${topic}/${partition}`)
      }
      return { logStartOffset: start.offset, logEndOffset: end.offset }
    })
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    return led.map(() => failure)
  }
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
