/** A partition as one value, `topicId:partition`, so that sets of partitions can be compared and subtracted. */
export type PartitionKey = string

/** Partitions as requests and answers list them. */
export interface TopicPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export function partitionKey(topicId: string, partition: number): PartitionKey {
  return `${topicId}:${partition}`
}

export function keysOf(listed: Iterable<TopicPartitions>): Set<PartitionKey> {
  const keys = new Set<PartitionKey>()
  for (const { topicId, partitions } of listed)
    for (const partition of partitions) keys.add(partitionKey(topicId, partition))
  return keys
}

/** Topic by topic, partitions in ascending order. */
export function listed(keys: Iterable<PartitionKey>): TopicPartitions[] {
  const byTopic = Map.groupBy(keys, (key) => topicIdOf(key))
  return [...byTopic].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map((key) => Number(key.slice(topicId.length + 1))).toSorted((one, other) => one - other),
  }))
}

export function topicIdOf(key: PartitionKey): string {
  return key.slice(0, key.lastIndexOf(':'))
}
