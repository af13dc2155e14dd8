import type { Consumer, Kafka } from 'kafkajs'
import type { Isolation, Member } from './driver.ts'
import { Inbox } from './inbox.ts'

interface Next {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

export class KafkaJsMember implements Member {
  readonly #consumer: Consumer
  readonly #inbox = new Inbox<{ value: string | null; next: Next }>()
  #assigned: readonly number[] = []
  /** What is to be read next after what was taken. */
  next: Next[] = []

  private constructor(consumer: Consumer, topic: string) {
    this.#consumer = consumer
    consumer.on('consumer.group_join', ({ payload }) => {
      this.#assigned = payload.memberAssignment[topic] ?? []
    })
  }

  static async join(kafka: Kafka, groupId: string, topic: string, isolation: Isolation): Promise<KafkaJsMember> {
    const consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: 100,
      heartbeatInterval: 100,
      sessionTimeout: 10_000,
      readUncommitted: isolation === 'read_uncommitted',
    })
    const member = new KafkaJsMember(consumer, topic)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const next = { topic, partition, offset: String(BigInt(message.offset) + 1n) }
        member.#inbox.put({ value: message.value?.toString() ?? null, next })
        return Promise.resolve()
      },
    })
    return member
  }

  assigned(): Promise<number[]> {
    return Promise.resolve([...this.#assigned])
  }

  async take(count: number): Promise<(string | null)[]> {
    const taken = await this.#inbox.take(count)
    this.next = taken.map(({ next }) => next).slice(-1)
    return taken.map(({ value }) => value)
  }

  commit(): Promise<void> {
    return this.#consumer.commitOffsets(this.next)
  }

  leave(): Promise<void> {
    return this.#consumer.disconnect()
  }
}
