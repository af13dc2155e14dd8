import kafkajs, { type Kafka, type Producer, type Transaction } from 'kafkajs'
import type { Ending, TransactionalProducer, Transactions } from './driver.ts'
import { KafkaJsMember } from './kafkajs-member.ts'
import { transformerOf } from './transformer.ts'

export function kafkaJsTransactions(kafka: Kafka): Transactions {
  return {
    producer: (transactionalId) => KafkaJsTransactional.open(kafka, transactionalId),
    async transformer(transactionalId, group, topic) {
      const member = await KafkaJsMember.join(kafka, group, topic, 'read_committed')
      const producer = await KafkaJsTransactional.open(kafka, transactionalId)
      return transformerOf(producer, member, () => producer.sendOffsets(group, member))
    },
  }
}

class KafkaJsTransactional implements TransactionalProducer {
  readonly #producer: Producer
  #transaction: Transaction | undefined

  private constructor(producer: Producer) {
    this.#producer = producer
  }

  static async open(kafka: Kafka, transactionalId: string): Promise<KafkaJsTransactional> {
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
    const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, createPartitioner })
    await producer.connect()
    return new KafkaJsTransactional(producer)
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#producer.transaction()
  }

  async send(topic: string, values: readonly (string | null)[]): Promise<void> {
    await this.#open.send({ topic, messages: values.map((value) => ({ partition: 0, value })) })
  }

  sendOffsets(consumerGroupId: string, { next }: KafkaJsMember): Promise<void> {
    const topics = next.map(({ topic, partition, offset }) => ({ topic, partitions: [{ partition, offset }] }))
    return this.#open.sendOffsets({ consumerGroupId, topics })
  }

  async commit(): Promise<Ending> {
    try {
      await this.#open.commit()
      return 'committed'
    } catch (error) {
      const { type } = error as kafkajs.KafkaJSProtocolError
      if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED') return 'fenced'
      throw error
    }
  }

  abort(): Promise<void> {
    return this.#open.abort()
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }

  get #open(): Transaction {
    if (!this.#transaction) throw new Error('there is no transaction: call begin first')
    return this.#transaction
  }
}
