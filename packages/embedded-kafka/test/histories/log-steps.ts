/** What is read of partitions, and deleted from their beginning. */
import fc from 'fast-check'
import { timestamps } from './producer-steps.ts'
import { readBatches } from './read-batches.ts'
import { partitions, plainPartition, type Stage } from './stage.ts'
import { type Step, stepOf } from './step.ts'

/** Of an unknown partition once in a while. */
const partition = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: partitions - 1 }) },
  { weight: 1, arbitrary: fc.constant(9) },
)
const offset = fc.integer({ min: -1, max: 40 }).map(BigInt)
const isolationLevel = fc.constantFrom(0, 1)
const limit = fc.constantFrom(1, 100, 200, 500, 1_000_000)
const currentLeaderEpoch = fc.constantFrom(-1, -1, -1, 0, 1)

interface Sought {
  readonly partition: number
  readonly fetchOffset: bigint
}

interface Fetched {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly records: Buffer[] | null
      readonly abortedTransactions: readonly { readonly firstOffset: bigint }[] | null
    }[]
  }[]
}

async function fetch(stage: Stage, what: string, request: object, sought: readonly Sought[]): Promise<void> {
  const answer = await stage.ask<Fetched>('Fetch', 11, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    sessionEpoch: -1,
    topics: [{ topic: stage.topic, partitions: sought }],
    ...request,
  })
  const responses = answer.responses.map(({ partitions }) =>
    partitions.map(({ records, abortedTransactions, ...rest }) => {
      const batches = readBatches(Buffer.concat(records ?? []))
      const asked = sought.find(({ partition }) => partition === rest.partitionIndex)
      const nextOffset = batches.at(-1)?.nextOffset ?? asked?.fetchOffset ?? 0n
      // Kafka finds them by an index with gaps, and may name some that lie behind what it answers.
      const aborted = abortedTransactions?.filter(({ firstOffset }) => firstOffset < nextOffset)
      return { ...rest, batches, abortedTransactions: aborted ?? null }
    }),
  )
  await stage.record(what, { ...answer, responses })
}

const fetchOne = stepOf(
  'fetch',
  { partition, fetchOffset: offset, isolationLevel, partitionMaxBytes: limit, currentLeaderEpoch },
  (stage, what, { isolationLevel, ...sought }) => fetch(stage, what, { isolationLevel }, [sought]),
)

/** Of all, without limits between: Kafka counts the piece of a batch that it cuts off. */
const fetchAll = stepOf(
  'fetch all',
  { offsets: fc.tuple(offset, offset, offset), isolationLevel, maxBytes: fc.constantFrom(1, 1_000_000) },
  (stage, what, { offsets, ...request }) =>
    fetch(
      stage,
      what,
      request,
      offsets.map((fetchOffset, partition) => ({ partition, fetchOffset, partitionMaxBytes: 1_000_000 })),
    ),
)

const listOffsets = stepOf(
  'list offsets',
  {
    partition,
    timestamp: fc.oneof(fc.constantFrom(-1n, -2n, -3n, -4n, -5n, -6n), timestamps),
    isolationLevel,
    version: fc.integer({ min: 2, max: 11 }),
    currentLeaderEpoch,
  },
  async (stage, what, { partition: partitionIndex, timestamp, isolationLevel, version, currentLeaderEpoch }) => {
    if (timestamp === -3n && partitionIndex !== plainPartition) return
    const answer = await stage.ask<{ topics: { partitions: { timestamp: bigint }[] }[] }>('ListOffsets', version, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name: stage.topic, partitions: [{ partitionIndex, timestamp, currentLeaderEpoch }] }],
      timeoutMs: 5_000,
    })
    const timeless = answer.topics.map(({ partitions }) =>
      partitions.map((each) => ({ ...each, timestamp: markerTimeless(each.timestamp) })),
    )
    await stage.record(what, timeless)
  },
)

const deleteRecords = stepOf('delete records', { partition, offset }, async (stage, what, { partition, offset }) => {
  if (partition === plainPartition) return
  const answer = await stage.ask('DeleteRecords', 2, {
    topics: [{ name: stage.topic, partitions: [{ partitionIndex: partition, offset }] }],
    timeoutMs: 5_000,
  })
  await stage.record(what, answer)
})

const endOfEpoch = stepOf(
  'end of leader epoch',
  { partition, leaderEpoch: fc.integer({ min: -1, max: 2 }), currentLeaderEpoch },
  async (stage, what, sought) => {
    const topics = [{ topic: stage.topic, partitions: [sought] }]
    await stage.record(what, await stage.ask('OffsetForLeaderEpoch', 4, { replicaId: -1, topics }))
  },
)

interface DescribedProducers {
  readonly topics: readonly {
    readonly partitions: readonly { readonly activeProducers: readonly { readonly lastTimestamp: bigint }[] }[]
  }[]
}

async function describePartitions(stage: Stage, what: string, partitionIndexes: readonly number[]): Promise<void> {
  const { topics } = await stage.ask<DescribedProducers>('DescribeProducers', 0, {
    topics: [{ name: stage.topic, partitionIndexes }],
  })
  const timeless = topics.map(({ partitions }) =>
    partitions.map(({ activeProducers, ...rest }) => ({
      ...rest,
      activeProducers: activeProducers.map((each) => ({ ...each, lastTimestamp: markerTimeless(each.lastTimestamp) })),
    })),
  )
  await stage.record(what, timeless)
}

const describeProducers = stepOf('describe producers', { partition }, (stage, what, { partition }) =>
  describePartitions(stage, what, [partition]),
)

/** Markers have the time at which they were written. */
function markerTimeless(timestamp: bigint): unknown {
  return timestamp > BigInt(Date.now() - 50_000) ? 'of a marker' : timestamp
}

export const logSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fetchOne },
  { weight: 2, arbitrary: fetchAll },
  { weight: 4, arbitrary: listOffsets },
  { weight: 1, arbitrary: deleteRecords },
  { weight: 1, arbitrary: endOfEpoch },
  { weight: 1, arbitrary: describeProducers },
)

/** All that can be read when a history is over. */
export async function readEverything(stage: Stage): Promise<void> {
  const sought = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    fetchOffset: 0n,
    partitionMaxBytes: 1_000_000,
  }))
  for (const isolationLevel of [0, 1])
    await fetch(stage, `in the end, isolation level ${isolationLevel}`, { isolationLevel }, sought)
  await describePartitions(stage, 'producers in the end', [0, 1, 2])
}
