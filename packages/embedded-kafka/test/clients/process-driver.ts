import type {
  Driver,
  Ending,
  Isolation,
  Member,
  Position,
  Producing,
  Received,
  Sent,
  TransactionalProducer,
  Transactions,
} from './driver.ts'
import type { ProcessCalls } from './process-calls.ts'

/** A driver that lives in another process; `on` is its number there, if it is one of several. */
export class ProcessDriver implements Driver {
  readonly #calls: ProcessCalls
  readonly #on: number | undefined
  readonly #afterwards: () => void

  readonly transactions: Transactions = {
    producer: async (transactionalId) =>
      this.#transactional(await this.#calls.call<number>('transactionalProducer', [transactionalId], this.#on)),
    transformer: async (transactionalId, group, topic) => {
      const transformer = await this.#calls.call<number>('transformer', [transactionalId, group, topic], this.#on)
      return {
        ...this.#transactional(transformer),
        take: (count) => this.#calls.call<string[]>('take', [count], transformer),
        sendOffsets: () => this.#calls.tell('sendOffsets', [], transformer),
      }
    },
  }

  /** `afterwards` is called when the driver is closed. */
  constructor(calls: ProcessCalls, afterwards: () => void, on?: number) {
    this.#calls = calls
    this.#afterwards = afterwards
    this.#on = on
  }

  createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void> {
    return this.#calls.tell('createTopic', [topic, partitions, configs], this.#on)
  }

  addPartitions(topic: string, total: number): Promise<void> {
    return this.#calls.tell('addPartitions', [topic, total], this.#on)
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#calls.tell('deleteTopic', [topic], this.#on)
  }

  partitions(topic: string): Promise<number> {
    return this.#calls.call<number>('partitions', [topic], this.#on)
  }

  setting(topic: string, name: string): Promise<string> {
    return this.#calls.call<string>('setting', [topic, name], this.#on)
  }

  changeSetting(topic: string, name: string, value: string): Promise<void> {
    return this.#calls.tell('changeSetting', [topic, name, value], this.#on)
  }

  produce(topic: string, records: readonly Sent[], how: Producing): Promise<void> {
    return this.#calls.tell('produce', [topic, records, how], this.#on)
  }

  read(topic: string, from: Position, count: number): Promise<Received[]> {
    return this.#calls.call<Received[]>('read', [topic, from, count], this.#on)
  }

  async join(group: string, topic: string, isolation: Isolation): Promise<Member> {
    const member = await this.#calls.call<number>('join', [group, topic, isolation], this.#on)
    return {
      assigned: () => this.#calls.call<number[]>('assigned', [], member),
      take: (count) => this.#calls.call<string[]>('take', [count], member),
      commit: () => this.#calls.tell('commit', [], member),
      leave: () => this.#calls.tell('leave', [], member),
    }
  }

  committed(group: string, topic: string): Promise<number> {
    return this.#calls.call<number>('committed', [group, topic], this.#on)
  }

  groupState(group: string): Promise<string> {
    return this.#calls.call<string>('groupState', [group], this.#on)
  }

  deleteGroup(group: string): Promise<void> {
    return this.#calls.tell('deleteGroup', [group], this.#on)
  }

  deleteRecords(topic: string, before: number): Promise<void> {
    return this.#calls.tell('deleteRecords', [topic, before], this.#on)
  }

  async close(): Promise<void> {
    try {
      await this.#calls.tell('close', [], this.#on)
    } finally {
      this.#afterwards()
    }
  }

  #transactional(on: number): TransactionalProducer {
    return {
      begin: () => this.#calls.tell('begin', [], on),
      send: (topic, values) => this.#calls.tell('send', [topic, values], on),
      commit: () => this.#calls.call<Ending>('commit', [], on),
      abort: () => this.#calls.tell('abort', [], on),
      close: () => this.#calls.tell('close', [], on),
    }
  }
}
