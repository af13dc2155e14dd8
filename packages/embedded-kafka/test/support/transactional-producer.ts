/** A producer of version 2 of transactions that says exactly what a test wants, and remembers its identity as clients do. */
import type { EmbeddedKafka } from '../../src/index.ts'
import { connectRaw, type RawClient } from './raw-client.ts'
import { recordBatch } from './record-batch.ts'

const transactional = 0x10

interface Options {
  readonly transactionalId?: string
  readonly topic?: string
  readonly timeoutMs?: number
}

interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export class TransactionalProducer implements Disposable {
  readonly #clients: readonly RawClient[]
  readonly #kafka: EmbeddedKafka
  readonly #transactionalId: string
  readonly #topic: string
  #identity: Identity = { producerId: -1n, producerEpoch: -1 }
  readonly #nextSequences = new Map<number, number>()

  private constructor(kafka: EmbeddedKafka, clients: readonly RawClient[], transactionalId: string, topic: string) {
    this.#kafka = kafka
    this.#clients = clients
    this.#transactionalId = transactionalId
    this.#topic = topic
  }

  /** Begins under that id: `tx` unless it is given. */
  static async begin(kafka: EmbeddedKafka, options: Options = {}): Promise<TransactionalProducer> {
    const { transactionalId = 'tx', topic = 'orders', timeoutMs = 60_000 } = options
    const producer = await TransactionalProducer.#connect(kafka, transactionalId, topic)
    await producer.initialize(timeoutMs)
    return producer
  }

  static async #connect(kafka: EmbeddedKafka, transactionalId: string, topic: string): Promise<TransactionalProducer> {
    const clients = await Promise.all(kafka.bootstrapServers.map((address) => connectRaw(address)))
    return new TransactionalProducer(kafka, clients, transactionalId, topic)
  }

  /** The same producer on other connections. */
  async on(kafka: EmbeddedKafka): Promise<TransactionalProducer> {
    const producer = await TransactionalProducer.#connect(kafka, this.#transactionalId, this.#topic)
    producer.#identity = this.#identity
    return producer
  }

  /** Asks until the transaction of a producer before it has ended. */
  async initialize(timeoutMs = 60_000): Promise<void> {
    for (;;) {
      const answer = await this.#coordinator().ask<Identity & { errorCode: number }>('InitProducerId', 5, {
        transactionalId: this.#transactionalId,
        transactionTimeoutMs: timeoutMs,
      })
      if (answer.errorCode !== 51) {
        this.#become(answer)
        return
      }
    }
  }

  /** Writes one record and resolves with the error code. */
  async write(value: string, partition = 0): Promise<number> {
    const baseSequence = this.#nextSequences.get(partition) ?? 0
    const batch = recordBatch([{ value }], { attributes: transactional, baseSequence, ...this.#identity })
    const { responses } = await this.#broker(this.#kafka.leaderOf(this.#topic, partition)).ask<{
      responses: { partitionResponses: { errorCode: number }[] }[]
    }>('Produce', 12, {
      transactionalId: this.#transactionalId,
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: this.#topic, partitionData: [{ index: partition, records: [batch] }] }],
    })
    const errorCode = responses[0]?.partitionResponses[0]?.errorCode ?? -1
    if (errorCode === 0) this.#nextSequences.set(partition, baseSequence + 1)
    return errorCode
  }

  async commitOffset(groupId: string, committedOffset: bigint): Promise<void> {
    await this.#broker(this.#kafka.coordinatorOf(groupId) ?? -1).ask('TxnOffsetCommit', 5, {
      transactionalId: this.#transactionalId,
      groupId,
      ...this.#identity,
      generationId: -1,
      groupInstanceId: null,
      topics: [{ name: this.#topic, partitions: [{ committedOffset, committedMetadata: null }] }],
    })
  }

  /** Commits or aborts, and resolves with the error code. */
  async end(committed: boolean): Promise<number> {
    const answer = await this.#coordinator().ask<Identity & { errorCode: number }>('EndTxn', 5, {
      transactionalId: this.#transactionalId,
      ...this.#identity,
      committed,
    })
    if (answer.errorCode === 0) this.#become(answer)
    return answer.errorCode
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }

  #become({ producerId, producerEpoch }: Identity): void {
    this.#identity = { producerId, producerEpoch }
    this.#nextSequences.clear()
  }

  #coordinator(): RawClient {
    return this.#broker(this.#kafka.transactionCoordinatorOf(this.#transactionalId) ?? -1)
  }

  #broker(id: number): RawClient {
    const client = this.#clients[id]
    if (!client) throw new Error(`there is no broker ${id}`)
    return client
  }
}
