/** One run of a scenario against one cluster: asks, waits for readiness, and records what was answered. */
import { errorCodes } from '../../src/protocol/error-codes.ts'
import { connectRaw, type RawClient } from '../support/raw-client.ts'
import { comparable, Pseudonyms } from './comparable.ts'

export type Scenario = (session: Session) => Promise<void>

export interface Step {
  readonly what: string
  readonly answer: unknown
}

const loading: readonly number[] = [
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.NOT_COORDINATOR,
]

export class Session implements Disposable {
  readonly steps: Step[] = []
  /** Makes the names of topics and groups differ between runs, and the same for both clusters of one run. */
  readonly suffix: string
  readonly #address: string
  readonly #pseudonyms = new Pseudonyms()
  readonly #clients: RawClient[] = []

  constructor(address: string, suffix: string) {
    this.#address = address
    this.suffix = suffix
  }

  /** A connection of its own; requests on one connection wait for each other. */
  async connect(clientId = 'differential'): Promise<RawClient> {
    const client = await connectRaw(this.#address, clientId)
    this.#clients.push(client)
    return client
  }

  /** Asks and records the answer, made comparable. Resolves with the answer as it came. */
  async record<T>(what: string, asked: Promise<T>): Promise<T> {
    const answer = await asked
    this.steps.push({ what, answer: comparable(answer, this.#pseudonyms) })
    return answer
  }

  /** Records that the broker closes the connection instead of answering. */
  async recordClosed(what: string, send: (client: RawClient) => void): Promise<void> {
    const client = await this.connect()
    send(client)
    await client.closed
    this.steps.push({ what, answer: 'connection closed' })
  }

  /** Makes a topic and waits until it can be used, which takes a moment in a real cluster. */
  async createTopic(name: string, numPartitions = 1, configs: Record<string, string> = {}): Promise<string> {
    const client = await this.connect()
    const topic = `${name}-${this.suffix}`
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    await client.ask('CreateTopics', 4, {
      topics: [{ name: topic, numPartitions, replicationFactor: 1, configs: entries }],
      timeoutMs: 10_000,
    })
    // A real broker tells of a topic a little before it serves its partitions.
    const partitions = Array.from({ length: numPartitions }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1n,
    }))
    await until(async () => {
      const { topics } = await client.ask<OffsetsAnswer>('ListOffsets', 1, {
        replicaId: -1,
        topics: [{ name: topic, partitions }],
      })
      return topics.every((answered) => answered.partitions.every(({ errorCode }) => errorCode === errorCodes.NONE))
    })
    return topic
  }

  /** Names a group and waits until its coordinator answers for it. */
  async findGroup(name: string): Promise<string> {
    const client = await this.connect()
    const groupId = `${name}-${this.suffix}`
    await until(async () => {
      const found = await client.ask<{ errorCode: number }>('FindCoordinator', 2, { key: groupId, keyType: 0 })
      if (found.errorCode !== 0) return false
      const { groups } = await client.ask<{ groups: { errorCode: number }[] }>('DescribeGroups', 2, {
        groups: [groupId],
      })
      return groups.every(({ errorCode }) => !loading.includes(errorCode))
    })
    return groupId
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }
}

interface OffsetsAnswer {
  topics: { partitions: { errorCode: number }[] }[]
}

/** Asks again every 50 ms; the test's own timeout ends it. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 50))
}
