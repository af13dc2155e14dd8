/** The requests that tests of partitions send most. */
import type { EmbeddedKafka } from '../../src/index.ts'
import type { RawClient } from './raw-client.ts'
import { settle } from './settle.ts'

export interface FetchedPartition {
  readonly errorCode: number
  readonly highWatermark: bigint
  readonly records: Buffer[] | null
}

export interface FetchRequest {
  readonly topic: string
  readonly partitions?: readonly number[]
  readonly offset?: bigint
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
}

/** Fetches and resolves with the answers of the partitions, in the order in which they were asked for. */
export async function fetchFrom(client: RawClient, request: FetchRequest): Promise<FetchedPartition[]> {
  const { responses } = await client.ask<{ responses: { partitions: FetchedPartition[] }[] }>('Fetch', 11, {
    maxWaitMs: request.maxWaitMs ?? 0,
    minBytes: request.minBytes ?? 1,
    maxBytes: request.maxBytes ?? 1_000_000,
    sessionEpoch: -1,
    topics: [
      {
        topic: request.topic,
        partitions: (request.partitions ?? [0]).map((partition) => ({
          partition,
          fetchOffset: request.offset ?? 0n,
          partitionMaxBytes: request.partitionMaxBytes ?? 1_000_000,
          currentLeaderEpoch: request.currentLeaderEpoch ?? -1,
        })),
      },
    ],
  })
  return responses[0]?.partitions ?? []
}

/** Begins a fetch and resolves when it is waiting for something to happen. */
export async function startWaiting(
  kafka: EmbeddedKafka,
  client: RawClient,
  request: FetchRequest,
): Promise<{ answer: Promise<FetchedPartition[]> }> {
  using arrived = kafka.faults.on('Fetch').run(() => {})
  const answer = fetchFrom(client, { maxWaitMs: 60_000, ...request })
  await arrived.happened()
  await settle()
  return { answer }
}

/** Writes one batch to each of the partitions and resolves with their error codes. */
export async function produceTo(
  client: RawClient,
  topic: string,
  batch: Buffer,
  { partitions = [0], acks = -1 }: { partitions?: readonly number[]; acks?: number } = {},
): Promise<number[]> {
  const partitionData = partitions.map((index) => ({ index, records: [batch] }))
  const { responses } = await client.ask<{ responses: { partitionResponses: { errorCode: number }[] }[] }>(
    'Produce',
    7,
    {
      acks,
      timeoutMs: 1_000,
      topicData: [{ name: topic, partitionData }],
    },
  )
  return responses[0]?.partitionResponses.map(({ errorCode }) => errorCode) ?? []
}
