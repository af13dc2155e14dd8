import { type BaseOptions, Producer, type ProtocolError, stringSerializers } from '@platformatic/kafka'
import type { Ending, TransactionalProducer } from './driver.ts'
import type { PlatformaticMember } from './platformatic-member.ts'

type TextProducer = Producer<string, string, string, string>
type TextTransaction = Awaited<ReturnType<TextProducer['beginTransaction']>>

export class PlatformaticTransactional implements TransactionalProducer {
  readonly #producer: TextProducer
  #transaction: TextTransaction | undefined

  private constructor(producer: TextProducer) {
    this.#producer = producer
  }

  /** It asks for its producer id, and thereby fences others, when its first transaction begins. */
  static open(options: BaseOptions, transactionalId: string): PlatformaticTransactional {
    const producer = new Producer<string, string, string, string>({
      ...options,
      serializers: stringSerializers,
      transactionalId,
      idempotent: true,
      // By default it says that it was producer 0 in epoch 0, and the broker takes it for one that is fenced.
      producerId: -1n,
      producerEpoch: -1,
      // Also that of transactions.
      timeout: 60_000,
    })
    return new PlatformaticTransactional(producer)
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#producer.beginTransaction()
  }

  async send(topic: string, values: readonly string[]): Promise<void> {
    await this.#open.send({ messages: values.map((value) => ({ topic, partition: 0, value })) })
  }

  async sendOffsets({ consumer, latest }: PlatformaticMember): Promise<void> {
    await this.#open.addConsumer(consumer)
    if (latest) await this.#open.addOffset(latest)
  }

  async commit(): Promise<Ending> {
    try {
      await this.#open.commit()
      return 'committed'
    } catch (error) {
      if (isFenced(error)) return 'fenced'
      throw error
    }
  }

  abort(): Promise<void> {
    return this.#open.abort()
  }

  async close(): Promise<void> {
    await this.#producer.close()
  }

  get #open(): TextTransaction {
    if (!this.#transaction) throw new Error('there is no transaction: call begin first')
    return this.#transaction
  }
}

/** It wraps what the broker said in errors of its own. */
function isFenced(error: unknown): boolean {
  const { apiId, cause, errors = [] } = error as ProtocolError & { apiId?: string; errors?: unknown[] }
  if (apiId === 'INVALID_PRODUCER_EPOCH' || apiId === 'PRODUCER_FENCED') return true
  return (cause !== undefined && isFenced(cause)) || errors.some((each) => isFenced(each))
}
