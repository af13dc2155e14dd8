/** A transactional producer made of single requests, whose answers are recorded. */
import { errorCodes } from '../../src/protocol/error-codes.ts'
import { offsetsTopic } from '../../src/transactions/offsets-topic.ts'
import type { RawClient } from '../support/raw-client.ts'
import { recordBatch } from '../support/record-batch.ts'
import { type Session, until } from './session.ts'

const transactional = 0x10
/** Markers have the time of today. Were the records much older, Kafka would begin a segment, and answer one at a time. */
const now = Date.now()

/** Answers that a client waits out. */
const passing: readonly number[] = [
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
]

interface DescribedTransaction {
  readonly transactionStartTimeMs: bigint
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What is recorded of one transactional id; its coordinator writes markers after its answer, so later requests are repeated while it does. */
export class Speaker {
  readonly transactionalId: string
  readonly topic: string
  readonly #session: Session
  readonly #client: RawClient

  constructor(session: Session, client: RawClient, transactionalId: string, topic: string) {
    this.#session = session
    this.#client = client
    this.transactionalId = transactionalId
    this.topic = topic
  }

  static async find(session: Session, name: string): Promise<Speaker> {
    const topic = await session.createTopic(name)
    const client = await session.connect()
    const transactionalId = `${name}-${session.suffix}`
    await until(async () => {
      const found = await client.ask<{ errorCode: number }>('FindCoordinator', 3, { key: transactionalId, keyType: 1 })
      if (found.errorCode !== errorCodes.NONE) return false
      const { transactionStates } = await client.ask<{ transactionStates: { errorCode: number }[] }>(
        'DescribeTransactions',
        0,
        { transactionalIds: [transactionalId] },
      )
      return transactionStates[0]?.errorCode === errorCodes.TRANSACTIONAL_ID_NOT_FOUND
    })
    return new Speaker(session, client, transactionalId, topic)
  }

  record(what: string, ...[api, version, request]: Parameters<RawClient['ask']>): Promise<unknown> {
    return this.#session.record(what, this.#client.ask(api, version, request))
  }

  ask<T>(...[api, version, request]: Parameters<RawClient['ask']>): Promise<T> {
    return this.#client.ask<T>(api, version, request)
  }

  /** A transaction that is being ended is asked about again; only the last answer is recorded. */
  async settled(what: string, ask: () => Promise<{ errorCode: number }>): Promise<void> {
    let answer = await ask()
    await until(async () => {
      if (!passing.includes(answer.errorCode)) return true
      answer = await ask()
      return false
    })
    await this.#session.record(what, Promise.resolve(answer))
  }

  async initialize(what: string, version = 4, over: object = {}): Promise<Producer> {
    const wish = { transactionalId: this.transactionalId, transactionTimeoutMs: 60_000, ...over }
    const ask = () => this.#client.ask<Producer & { errorCode: number }>('InitProducerId', version, wish)
    let producer: Producer = { producerId: -1n, producerEpoch: -1 }
    await this.settled(what, async () => {
      const answer = await ask()
      producer = answer
      return answer
    })
    return producer
  }

  add(what: string, producer: Producer, version = 1, topics: object[] = [{ name: this.topic, partitions: [0] }]) {
    return this.record(what, 'AddPartitionsToTxn', version, {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics,
    })
  }

  end(what: string, producer: Producer, committed: boolean, version = 1): Promise<unknown> {
    return this.record(what, 'EndTxn', version, { transactionalId: this.transactionalId, ...producer, committed })
  }

  /** Waits until the markers are written. */
  async ended(): Promise<void> {
    await until(async () => {
      const { transactionStates } = await this.ask<{ transactionStates: { transactionState: string }[] }>(
        'DescribeTransactions',
        0,
        { transactionalIds: [this.transactionalId] },
      )
      return !transactionStates[0]?.transactionState.startsWith('Prepare')
    })
  }

  write(what: string, producer: Producer, baseSequence: number, version = 7, over: object = {}): Promise<unknown> {
    const always = { attributes: transactional, baseTimestamp: now, baseSequence }
    const batch = recordBatch([{ value: what }], { ...always, ...producer, ...over })
    return this.record(what, 'Produce', version, {
      transactionalId: this.transactionalId,
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: this.topic, partitionData: [{ index: 0, records: [batch] }] }],
    })
  }

  async describe(what: string): Promise<void> {
    const { transactionStates } = await this.ask<{ transactionStates: DescribedTransaction[] }>(
      'DescribeTransactions',
      0,
      { transactionalIds: [this.transactionalId] },
    )
    const timeless = transactionStates.map((state) => ({
      ...state,
      transactionalId: 'id',
      transactionStartTimeMs: state.transactionStartTimeMs >= 0n ? 'a time' : 'none',
      // How many partitions the offsets topic has is a setting of the cluster.
      topics: state.topics.map(({ topic, partitions }) =>
        topic === offsetsTopic ? { topic, partitions: partitions.length } : { topic, partitions },
      ),
    }))
    await this.#session.record(what, Promise.resolve(timeless))
  }

  /** What a reader of each isolation level gets, without the records themselves: markers hold a time. */
  async read(what: string, fetchOffset = 0n): Promise<void> {
    for (const isolationLevel of [0, 1]) {
      const { responses } = await this.ask<{ responses: { partitions: { records: Buffer[] }[] }[] }>('Fetch', 11, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1_000_000,
        isolationLevel,
        sessionEpoch: -1,
        topics: [{ topic: this.topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
      })
      const partitions = responses[0]?.partitions.map(({ records, ...rest }) => ({
        ...rest,
        markers: markersIn(Buffer.concat(records)),
      }))
      await this.#session.record(`${what}, isolation level ${isolationLevel}`, Promise.resolve(partitions))
      const { topics } = await this.ask<{ topics: unknown }>('ListOffsets', 3, {
        replicaId: -1,
        isolationLevel,
        topics: [{ name: this.topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      })
      await this.#session.record(`${what}, end at isolation level ${isolationLevel}`, Promise.resolve(topics))
    }
  }

  /** What the partition remembers of the producer. */
  async remembered(what: string): Promise<void> {
    const { topics } = await this.ask<{ topics: { partitions: { activeProducers: object[] }[] }[] }>(
      'DescribeProducers',
      0,
      { topics: [{ name: this.topic, partitionIndexes: [0] }] },
    )
    const timeless = topics[0]?.partitions.map(({ activeProducers }) =>
      activeProducers.map((producer) => ({ ...producer, lastTimestamp: 'a time' })),
    )
    await this.#session.record(what, Promise.resolve(timeless))
  }
}

/** Offset, epoch and bytes of each batch that is a marker, and the offsets of the others. */
function markersIn(batches: Buffer): unknown[] {
  const found: unknown[] = []
  for (let at = 0; at < batches.length; at += batches.readInt32BE(at + 8) + 12) {
    const offset = batches.readBigInt64BE(at)
    const attributes = batches.readInt16BE(at + 21)
    if ((attributes & 0x20) === 0) found.push({ offset, attributes })
    else
      found.push({
        offset,
        attributes,
        sizeBytes: batches.readInt32BE(at + 8) + 12,
        epoch: batches.readInt16BE(at + 51),
        sequence: batches.readInt32BE(at + 53),
        record: batches.subarray(at + 57, at + batches.readInt32BE(at + 8) + 12).toString('hex'),
      })
  }
  return found
}
