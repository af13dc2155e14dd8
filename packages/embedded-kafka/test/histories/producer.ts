/** A producer that writes what a history says, right or wrong, and remembers its identity and sequences as clients do. */
import { until } from '../differential/session.ts'
import { recordBatch, type TestRecord } from '../support/record-batch.ts'
import type { Stage } from './stage.ts'

const transactional = 0x10

/** `classic` names the partitions of a transaction first; of `newer` the first batch does, and each end gives a new epoch (KIP-890). */
export type ProducerKind = 'plain' | 'idempotent' | 'classic' | 'newer'

interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export interface Write {
  readonly partition: number
  readonly records: readonly TestRecord[]
  /** Records that are left out (a gap), or written before (below 0). */
  readonly sequenceShift: number
  /** Never a later epoch outside of a transaction: the partition would refuse the producer's own marker, and Kafka's transaction never end. */
  readonly epochShift: number
  readonly isInTransaction: boolean
}

interface Written {
  readonly errorCode: number
}

export class Producer {
  readonly kind: ProducerKind
  readonly transactionalId: string
  readonly #stage: Stage
  #identity: Identity = { producerId: -1n, producerEpoch: -1 }
  #nextSequences = new Map<number, number>()
  #sent = new Map<number, Buffer[]>()

  constructor(stage: Stage, kind: ProducerKind, transactionalId: string) {
    this.#stage = stage
    this.kind = kind
    this.transactionalId = transactionalId
  }

  get isTransactional(): boolean {
    return this.kind === 'classic' || this.kind === 'newer'
  }

  identity(epochShift = 0): Identity {
    const { producerId, producerEpoch } = this.#identity
    return { producerId, producerEpoch: producerEpoch + epochShift }
  }

  /** Kafka makes the place where it keeps transactions when somebody first asks for a coordinator. */
  async findCoordinator(): Promise<void> {
    if (this.isTransactional) await this.#stage.ask('FindCoordinator', 3, { key: this.transactionalId, keyType: 1 })
  }

  /** As a new process does, or, keeping the identity, as one that recovers from an error. */
  async initialize(what: string, isRecovery: boolean): Promise<void> {
    if (this.kind === 'plain') return
    const answer = await this.#stage.ask<Identity & Written>('InitProducerId', this.kind === 'newer' ? 5 : 4, {
      transactionalId: this.isTransactional ? this.transactionalId : null,
      transactionTimeoutMs: 600_000,
      ...(isRecovery ? this.#identity : {}),
    })
    await this.#stage.record(what, answer)
    if (answer.errorCode === 0) this.#become(answer)
    await this.#ended()
  }

  async write(what: string, write: Write): Promise<void> {
    const { partition, sequenceShift, records } = write
    const epochShift = this.isTransactional && !write.isInTransaction ? Math.min(0, write.epochShift) : write.epochShift
    const baseSequence = Math.max(0, (this.#nextSequences.get(partition) ?? 0) + sequenceShift)
    const batch = recordBatch(records, {
      baseTimestamp: records[0]?.timestamp ?? 0,
      ...(this.kind === 'plain' ? {} : { baseSequence, ...this.identity(epochShift) }),
      ...(this.isTransactional && write.isInTransaction ? { attributes: transactional } : {}),
    })
    const errorCode = await this.#produce(what, partition, batch)
    if (errorCode !== 0) return
    this.#nextSequences.set(partition, baseSequence + records.length)
    this.#sent.set(partition, [...(this.#sent.get(partition) ?? []), batch])
  }

  /** Sends a batch again: the last, or one that many before it. */
  async repeat(what: string, partition: number, before: number): Promise<void> {
    const batch = this.#sent.get(partition)?.at(-1 - before)
    if (batch) await this.#produce(what, partition, batch)
  }

  async add(what: string, addedPartitions: readonly number[], epochShift: number): Promise<void> {
    const { producerId, producerEpoch } = this.identity(epochShift)
    const answer = await this.#stage.ask('AddPartitionsToTxn', 3, {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: this.#stage.topic, partitions: addedPartitions }],
    })
    await this.#stage.record(what, answer)
  }

  /** Resolves when the markers are written. */
  async end(what: string, committed: boolean, epochShift: number): Promise<void> {
    const answer = await this.#stage.ask<Identity & Written>('EndTxn', this.kind === 'newer' ? 5 : 3, {
      transactionalId: this.transactionalId,
      ...this.identity(epochShift),
      committed,
    })
    await this.#stage.record(what, answer)
    if (this.kind === 'newer' && answer.errorCode === 0) this.#become(answer)
    await this.#ended()
  }

  async describe(what: string): Promise<void> {
    const { transactionStates } = await this.#describe()
    const timeless = transactionStates.map((state) => ({
      ...state,
      transactionStartTimeMs: state.transactionStartTimeMs >= 0n ? 'a time' : 'none',
      // How many partitions the offsets topic has, and so how many groups share one, is a setting of the cluster.
      topics: state.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: topic === this.#stage.topic ? partitions.toSorted((one, other) => one - other) : 'some',
      })),
    }))
    await this.#stage.record(what, timeless)
  }

  async #produce(what: string, index: number, batch: Buffer): Promise<number> {
    const answer = await this.#stage.ask<{ responses: { partitionResponses: Written[] }[] }>(
      'Produce',
      this.kind === 'newer' ? 12 : 8,
      {
        transactionalId: this.isTransactional ? this.transactionalId : null,
        acks: -1,
        timeoutMs: 5_000,
        topicData: [{ name: this.#stage.topic, partitionData: [{ index, records: [batch] }] }],
      },
    )
    await this.#stage.record(what, answer)
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1
  }

  async #ended(): Promise<void> {
    if (!this.isTransactional) return
    await until(async () => {
      const { transactionStates } = await this.#describe()
      return !transactionStates[0]?.transactionState.startsWith('Prepare')
    }, 10)
  }

  #describe(): Promise<{
    transactionStates: {
      transactionState: string
      transactionStartTimeMs: bigint
      topics: { topic: string; partitions: number[] }[]
    }[]
  }> {
    return this.#stage.ask('DescribeTransactions', 0, { transactionalIds: [this.transactionalId] })
  }

  #become({ producerId, producerEpoch }: Identity): void {
    this.#identity = { producerId, producerEpoch }
    this.#nextSequences = new Map()
    this.#sent = new Map()
  }
}
