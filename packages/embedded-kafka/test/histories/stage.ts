/** What the steps of a history act on in one cluster: a topic, producers and a connection. */
import { errorCodes } from '../../src/protocol/error-codes.ts'
import { Session, until } from '../differential/session.ts'
import type { RawClient } from '../support/raw-client.ts'
import { Producer, type ProducerKind } from './producer.ts'

/** Answers that a client waits out. Kafka ends transactions behind its answer, and asks another broker's part whether a write belongs to one. */
const passing: readonly number[] = [
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.NOT_COORDINATOR,
  errorCodes.NOT_ENOUGH_REPLICAS,
]
const retryMs = 20
const maxAttempts = 500

export const partitions = 3
/** Holds neither transactions nor deletions: what Kafka says of the latest time depends on when it wrote a marker. */
export const plainPartition = 2

const kinds: readonly ProducerKind[] = ['plain', 'idempotent', 'idempotent', 'classic', 'classic', 'newer', 'newer']
export const producerCount: number = kinds.length

export class Stage implements Disposable {
  readonly session: Session
  readonly client: RawClient
  readonly topic: string
  readonly groups: readonly string[]
  readonly producers: readonly Producer[]

  private constructor(session: Session, client: RawClient, topic: string, groups: readonly string[]) {
    this.session = session
    this.client = client
    this.topic = topic
    this.groups = groups
    this.producers = kinds.map((kind, index) => new Producer(this, kind, `tx${index}-${session.suffix}`))
  }

  static async set(address: string, suffix: string): Promise<Stage> {
    const session = new Session(address, suffix)
    const client = await session.connect()
    const topic = await session.createTopic('history', partitions)
    const groups = [await session.findGroup('one'), await session.findGroup('two')]
    const stage = new Stage(session, client, topic, groups)
    for (const producer of stage.producers) {
      await producer.findCoordinator()
      await producer.initialize('begin', false)
    }
    return stage
  }

  producer(index: number): Producer {
    const producer = this.producers[index]
    if (!producer) throw new Error(`there is no producer ${index}`)
    return producer
  }

  group(index: number): string {
    const group = this.groups[index]
    if (group === undefined) throw new Error(`there is no group ${index}`)
    return group
  }

  /** Asks until the answer is one that stays. */
  async ask<T = Record<string, unknown>>(...[api, version, request]: Parameters<RawClient['ask']>): Promise<T> {
    let answer = await this.client.ask<T>(api, version, request)
    let attempts = 1
    await until(async () => {
      if (attempts >= maxAttempts || !errorsIn(answer).some((code) => passing.includes(code))) return true
      answer = await this.client.ask<T>(api, version, request)
      attempts++
      return false
    }, retryMs)
    return answer
  }

  record<T>(what: string, answer: T): Promise<T> {
    return this.session.record(what, Promise.resolve(answer))
  }

  [Symbol.dispose](): void {
    this.session[Symbol.dispose]()
  }
}

function errorsIn(answer: unknown): number[] {
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return []
  return Object.entries(answer).flatMap(([name, value]) => (/errorCode$/i.test(name) ? [value] : errorsIn(value)))
}
