import { type BaseOptions, Consumer, FetchIsolationLevels, type Message } from '@platformatic/kafka'
import type { GroupProtocol, Isolation, Member } from './driver.ts'
import { Inbox } from './inbox.ts'

type TextConsumer = Consumer<string, string, string, string>
type TextMessage = Message<string, string, string, string>

const text = { key: asText, value: asText, headerKey: asText, headerValue: asText }

function asText(data?: Buffer): string | undefined {
  return data?.toString()
}

export function consumerOf(options: BaseOptions, groupId: string, groupProtocol: GroupProtocol): TextConsumer {
  return new Consumer<string, string, string, string>({ ...options, groupId, groupProtocol, deserializers: text })
}

export class PlatformaticMember implements Member {
  readonly consumer: TextConsumer
  readonly #inbox = new Inbox<TextMessage>()
  /** The last record that was taken. */
  latest: TextMessage | undefined

  private constructor(consumer: TextConsumer) {
    this.consumer = consumer
  }

  static async join(consumer: TextConsumer, topic: string, isolation: Isolation): Promise<PlatformaticMember> {
    const member = new PlatformaticMember(consumer)
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: false,
      isolationLevel: FetchIsolationLevels[isolation === 'read_committed' ? 'READ_COMMITTED' : 'READ_UNCOMMITTED'],
      maxWaitTime: 100,
      sessionTimeout: 10_000,
      heartbeatInterval: 100,
    })
    stream.on('data', (message) => member.#inbox.put(message))
    stream.on('error', (error) => member.#inbox.fail(error))
    return member
  }

  assigned(): Promise<number[]> {
    return Promise.resolve((this.consumer.assignments ?? []).flatMap(({ partitions }) => partitions))
  }

  async take(count: number): Promise<(string | null)[]> {
    const taken = await this.#inbox.take(count)
    this.latest = taken.at(-1)
    return taken.map(({ value }) => value ?? null)
  }

  async commit(): Promise<void> {
    await this.latest?.commit()
  }

  leave(): Promise<void> {
    return this.consumer.close(true)
  }
}
