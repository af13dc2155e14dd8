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
  async connect(address = this.#address): Promise<RawClient> {
    const client = await connectRaw(address, 'differential')
    this.#clients.push(client)
    return client
  }

  /** The brokers by id, as the cluster itself tells. */
  async brokers(): Promise<Map<number, string>> {
    const client = await this.connect()
    const { brokers } = await client.ask<{ brokers: { nodeId: number; host: string; port: number }[] }>('Metadata', 6, {
      topics: [],
    })
    return new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]))
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
    await until(() => this.#isServed(topic, numPartitions))
    return topic
  }

  /** A real cluster tells of a topic a little before the leaders of its partitions serve them. */
  async #isServed(topic: string, numPartitions: number): Promise<boolean> {
    const leaders = await this.leaders(topic)
    if (leaders.length !== numPartitions) return false
    const addresses = await this.brokers()
    for (const [partitionIndex, leader] of leaders.entries()) {
      using client = await connectRaw(addresses.get(leader))
      const { topics } = await client.ask<OffsetsAnswer>('ListOffsets', 1, {
        replicaId: -1,
        topics: [{ name: topic, partitions: [{ partitionIndex, timestamp: -1n }] }],
      })
      if (topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== errorCodes.NONE)))
        return false
    }
    return true
  }

  /** The id that the cluster gave to a topic. */
  async topicId(name: string): Promise<string> {
    const client = await this.connect()
    const { topics } = await client.ask<{ topics: { topicId: string }[] }>('Metadata', 12, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
    })
    return topics[0]?.topicId ?? ''
  }

  /** The ids of the brokers that lead the partitions of a topic, in the order of the partitions. */
  async leaders(topic: string): Promise<number[]> {
    const client = await this.connect()
    const { topics } = await client.ask<{ topics: { partitions: { partitionIndex: number; leaderId: number }[] }[] }>(
      'Metadata',
      6,
      { topics: [{ name: topic }], allowAutoTopicCreation: false },
    )
    const partitions = topics[0]?.partitions ?? []
    return partitions
      .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
      .map(({ leaderId }) => leaderId)
  }

  /** Names a group and waits until its coordinator answers for it. */
  async findGroup(name: string): Promise<string> {
    const groupId = `${name}-${this.suffix}`
    await until(async () => (await this.coordinator(groupId)) !== undefined)
    return groupId
  }

  /** The id of the broker that coordinates a group, once it does. */
  async coordinator(groupId: string): Promise<number | undefined> {
    const client = await this.connect()
    const found = await client.ask<{ errorCode: number; nodeId: number }>('FindCoordinator', 2, { key: groupId })
    if (found.errorCode !== 0) return undefined
    using coordinator = await connectRaw((await this.brokers()).get(found.nodeId))
    const { groups } = await coordinator.ask<{ groups: { errorCode: number }[] }>('DescribeGroups', 2, {
      groups: [groupId],
    })
    return groups.some(({ errorCode }) => loading.includes(errorCode)) ? undefined : found.nodeId
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }
}

interface OffsetsAnswer {
  topics: { partitions: { errorCode: number }[] }[]
}

/** Asks again every 50 ms unless told otherwise; the test's own timeout ends it. */
export async function until(isTrue: () => Promise<boolean>, everyMs = 50): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, everyMs))
}
