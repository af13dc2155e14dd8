import type { Chunk, TopicPartition } from '@tributary/event-bus'
import { Backoff, pause } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { BrokerError, code, isRetriable, LinkError, publicError } from './failures.ts'
import { type FetchedPartition, fetchRecords } from './fetch.ts'
import { EARLIEST, offsetsAt } from './list-offsets.ts'
import { type DecodedRecords, decodeRecords } from './record-decoder.ts'

const MAX_BYTES = 1024 * 1024

/**
 * Reads `[from, to)` of one partition, beside any group. Stops early at the end of the log; where retention has removed the beginning, an empty
 * chunk accounts for the gap.
 *
 * @throws {ClusterUnavailableError} when nothing can be read for the length of the request timeout.
 */
export async function* readLog(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  from: bigint,
  to: bigint,
  epoch: () => number,
  signal?: AbortSignal,
): AsyncGenerator<Chunk> {
  for (let position = from; position < to; ) {
    const fetched = await fetchOne(cluster, { topic, partition }, position, signal)
    if (fetched === null) return
    const { logStartOffset, lastStableOffset, recordSet } = fetched
    const base = { topic, partition, epoch: epoch(), fetchedFrom: position, highWatermark: lastStableOffset }
    if (fetched.errorCode === code.offsetOutOfRange) {
      if (logStartOffset <= position) return
      const nextPosition = logStartOffset < to ? logStartOffset : to
      yield { ...base, nextPosition, records: [], bytes: 0 }
      position = nextPosition
      continue
    }
    const { records, nextPosition, bytes } = decoded(recordSet, position, fetched)
    if (nextPosition === position) return
    const wanted = nextPosition > to ? Array.from(records).filter(({ offset }) => offset < to) : records
    const end = nextPosition > to ? to : nextPosition
    yield { ...base, nextPosition: end, records: wanted, bytes }
    position = end
  }
}

function decoded(recordSet: Buffer, position: bigint, { abortedTransactions }: FetchedPartition): DecodedRecords {
  try {
    return decodeRecords(recordSet, position, abortedTransactions)
  } catch (error) {
    throw publicError(error)
  }
}

/** Null when `signal` aborts. Out of range is an answer, with the start of the log in it. */
async function fetchOne(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  position: bigint,
  signal: AbortSignal | undefined,
): Promise<FetchedPartition | null> {
  const { requestTimeoutMs } = cluster.settings
  const startedAt = performance.now()
  const backoff = new Backoff()
  for (;;) {
    if (signal?.aborted) return null
    try {
      if (cluster.leader(topic, partition) === -1) await cluster.refresh([topic])
      const leader = cluster.leader(topic, partition)
      if (leader === -1)
        throw new BrokerError(cluster.topic(topic)?.errorCode || code.leaderNotAvailable, `${topic}/${partition}`)
      const link = await cluster.link(leader, 'range')
      const partitions = [{ topic, partition, position }]
      const answer = await link.call(
        fetchRecords,
        { maxWaitMs: 0, maxBytes: MAX_BYTES, maxBytesPerPartition: MAX_BYTES, partitions },
        requestTimeoutMs,
      )
      const fetched = answer.partitions[0]
      const errorCode = fetched?.errorCode ?? answer.errorCode
      if (fetched !== undefined && errorCode === code.offsetOutOfRange) {
        return { ...fetched, logStartOffset: await logStart(cluster, { topic, partition }, leader) }
      }
      if (errorCode !== code.none) throw new BrokerError(errorCode, `reading ${topic}/${partition}`)
      if (fetched === undefined)
        throw new LinkError(`${link.broker} did not answer for ${topic}/${partition}`, { sent: true })
      return fetched
    } catch (error) {
      if (!isRetriable(error) || performance.now() - startedAt > requestTimeoutMs) throw publicError(error)
      await cluster.refresh([topic]).catch(() => {}) // the attempt that follows meets the same failure and reports it
      await pause(backoff.next(), signal)
    }
  }
}

async function logStart(cluster: Cluster, { topic, partition }: TopicPartition, leader: number): Promise<bigint> {
  const [start] = await offsetsAt(cluster, leader, [{ topic, partition }], EARLIEST)
  if (start === undefined || start.errorCode !== code.none) {
    throw new BrokerError(start?.errorCode ?? code.notLeaderForPartition, `start of ${topic}/${partition}`)
  }
  return start.offset
}
