import {
  type Chunk,
  type CommittedOffset,
  ConnectionConfigError,
  type DriverAdmin,
  type PartitionOffsets,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '@tributary/event-bus'
import type { Settings } from '../settings.ts'
import {
  alterConfigs,
  createPartitions,
  createTopics,
  deleteTopics,
  describeConfigs,
  offsetCommit,
  offsetFetch,
  TOPIC_RESOURCE,
} from '../wire/apis.ts'
import { Backoff, pause } from '../wire/backoff.ts'
import { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, isRetriable, LinkError, publicError, throwOnCode } from '../wire/failures.ts'
import { byTopic, logEnds } from '../wire/list-offsets.ts'
import { readLog } from '../wire/log-reader.ts'

/** Kafka's number for a configuration that was set on the topic itself. */
const SET_ON_TOPIC = 1
/** A generation and member that stand for "no member": accepted for a group that has none. */
const NO_GENERATION = -1

export class KafkajsAdmin implements DriverAdmin {
  readonly #cluster: Cluster
  readonly #closing = new AbortController()

  constructor(settings: Settings, clientId: string) {
    this.#cluster = new Cluster(settings, clientId)
  }

  async listTopics(): Promise<readonly string[]> {
    await this.#patiently(() => this.#cluster.refreshAll())
    return this.#cluster.topicNames().filter((topic) => this.#cluster.topic(topic)?.isInternal === false)
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    if (topics.length === 0) return []
    return this.#patiently(async () => {
      await this.#cluster.refresh(topics)
      return topics.flatMap((topic) => {
        const known = this.#cluster.topic(topic)
        if (known === undefined || known.errorCode === code.unknownTopicOrPartition) return []
        throwOnCode(known.errorCode, `topic ${topic}`)
        return [{ topic, partitions: known.leaders.length, replicationFactor: known.replicationFactor }]
      })
    })
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]> {
    if (specs.length === 0) return []
    const created = new Map<string, boolean>()
    await this.#patiently(async () => {
      const missing = specs.filter(({ topic }) => !created.has(topic))
      const link = await this.#cluster.controller()
      const { topicErrors } = await link.call(
        createTopics,
        {
          topics: missing.map(({ topic, partitions, replicationFactor, configs }) => ({
            topic,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
          })),
          timeout: this.#cluster.settings.requestTimeoutMs,
        },
        2 * this.#cluster.settings.requestTimeoutMs,
      )
      for (const { topic, errorCode } of topicErrors) {
        if (errorCode === code.none || errorCode === code.topicAlreadyExists)
          created.set(topic, errorCode === code.none)
      }
      throwFirst(topicErrors, 'creating topic', code.topicAlreadyExists)
    })
    await this.#untilLed(
      specs.map(({ topic, partitions }) => ({ topic, partitions: created.get(topic) ? partitions : 1 })),
    )
    return specs.map(({ topic }) => ({ topic, created: created.get(topic) ?? false }))
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    const left = new Set(topics)
    await this.#patiently(async () => {
      if (left.size === 0) return
      const link = await this.#cluster.controller()
      const timeout = this.#cluster.settings.requestTimeoutMs
      const { topicErrors } = await link.call(deleteTopics, { topics: [...left], timeout }, 2 * timeout)
      for (const { topic, errorCode } of topicErrors) {
        if (errorCode === code.none || errorCode === code.unknownTopicOrPartition) left.delete(topic)
      }
      throwFirst(topicErrors, 'deleting topic', code.unknownTopicOrPartition)
    })
    // The controller has deleted them; the other brokers hear of it a moment later.
    await this.#patiently(async () => {
      await this.#cluster.refresh(topics)
      const remaining = topics.find((topic) => this.#cluster.topic(topic)?.errorCode === code.none)
      if (remaining !== undefined) throw new BrokerError(code.leaderNotAvailable, `deleting topic ${remaining}`)
    })
  }

  async createPartitions(topic: string, totalPartitions: number): Promise<void> {
    await this.#patiently(async () => {
      const link = await this.#cluster.controller()
      const timeout = this.#cluster.settings.requestTimeoutMs
      const { topicErrors } = await link.call(
        createPartitions,
        { topicPartitions: [{ topic, count: totalPartitions }], timeout },
        2 * timeout,
      )
      throwFirst(topicErrors, 'adding partitions to topic')
    })
    await this.#untilLed([{ topic, partitions: totalPartitions }])
  }

  async topicConfigs(topic: string): Promise<ReadonlyMap<string, string>> {
    const entries = await this.#configEntries(topic)
    return new Map(
      entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
    )
  }

  /** The request replaces all that was set on the topic, so what is set and not named is sent along. */
  async alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const kept = (await this.#configEntries(topic)).filter(({ configSource }) => configSource === SET_ON_TOPIC)
    const merged = new Map(kept.map(({ configName, configValue }) => [configName, configValue ?? '']))
    for (const [name, value] of Object.entries(configs)) merged.set(name, value)
    const configEntries = [...merged].map(([name, value]) => ({ name, value }))
    await this.#patiently(async () => {
      const link = await this.#cluster.controller()
      const { resources } = await link.call(
        alterConfigs,
        { resources: [{ type: TOPIC_RESOURCE, name: topic, configEntries }] },
        this.#cluster.settings.requestTimeoutMs,
      )
      throwFirst(
        resources.map(({ errorCode, errorMessage }) => ({ topic, errorCode, errorMessage })),
        'configuring topic',
      )
    })
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#patiently(async () => {
      await this.#cluster.refresh([topic])
      const known = this.#cluster.topic(topic)
      throwOnCode(known?.errorCode ?? code.unknownTopicOrPartition, `topic ${topic}`)
      const partitions = (known?.leaders ?? []).map((_, partition) => ({ topic, partition }))
      const ends = await logEnds(this.#cluster, partitions)
      return partitions.map((partition, index) => {
        const end = ends[index]
        if (end instanceof Error || end === undefined) throw end ?? new TypeError(`no offsets of ${topic}`)
        return { ...partition, ...end }
      })
    })
  }

  async committed(group: string, topic: string): Promise<readonly (TopicPartition & CommittedOffset)[]> {
    return this.#patiently(async () => {
      await this.#cluster.refresh([topic])
      const leaders = this.#cluster.topic(topic)?.leaders ?? []
      if (leaders.length === 0) return []
      const link = await this.#cluster.coordinatorLink(group, 'commit')
      const partitions = leaders.map((_, partition) => ({ partition }))
      const answer = await link.call(
        offsetFetch,
        { groupId: group, topics: [{ topic, partitions }] },
        this.#cluster.settings.requestTimeoutMs,
      )
      this.#throwOnGroupCode(group, answer.errorCode)
      return answer.responses.flatMap((response) =>
        response.partitions.flatMap(({ partition, offset, metadata, errorCode }) => {
          this.#throwOnGroupCode(group, errorCode)
          return offset === '-1' ? [] : [{ topic, partition, nextOffset: BigInt(offset), metadata: metadata ?? '' }]
        }),
      )
    })
  }

  async setCommitted(group: string, offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    if (offsets.length === 0) return
    await this.#patiently(async () => {
      const link = await this.#cluster.coordinatorLink(group, 'commit')
      const topics = byTopic(offsets, ({ partition, nextOffset, metadata }) => ({
        partition,
        offset: String(nextOffset),
        metadata,
      }))
      const answer = await link.call(
        offsetCommit,
        { groupId: group, groupGenerationId: NO_GENERATION, memberId: '', topics },
        this.#cluster.settings.requestTimeoutMs,
      )
      for (const { errorCode } of answer.responses.flatMap((response) => response.partitions)) {
        if (
          errorCode === code.unknownMemberId ||
          errorCode === code.rebalanceInProgress ||
          errorCode === code.illegalGeneration
        ) {
          throw new ConnectionConfigError(
            `group ${group} has members: stop them before its offsets are set from outside`,
          )
        }
        this.#throwOnGroupCode(group, errorCode)
      }
    })
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const stopped = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    return readLog(this.#cluster, partition, from, to, () => 0, stopped)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cluster.close()
  }

  async #configEntries(topic: string) {
    return this.#patiently(async () => {
      const link = await this.#cluster.control()
      const { resources } = await link.call(
        describeConfigs,
        { resources: [{ type: TOPIC_RESOURCE, name: topic }] },
        this.#cluster.settings.requestTimeoutMs,
      )
      for (const { errorCode } of resources) throwOnCode(errorCode, `configuration of topic ${topic}`)
      return resources.flatMap((resource) => resource.configEntries)
    })
  }

  #throwOnGroupCode(group: string, errorCode: number): void {
    if (errorCode === code.notCoordinator || errorCode === code.coordinatorNotAvailable)
      this.#cluster.forgetCoordinator(group)
    throwOnCode(errorCode, `group ${group}`)
  }

  async #untilLed(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    await this.#patiently(async () => {
      await this.#cluster.refresh(topics.map(({ topic }) => topic))
      for (const { topic, partitions } of topics) {
        const known = this.#cluster.topic(topic)
        const leaders = known?.leaders ?? []
        // The controller has it, so a broker that knows nothing of it is late, however long a busy one may take.
        const isLate = known === undefined || known.errorCode === code.unknownTopicOrPartition
        if (!isLate) throwOnCode(known.errorCode, `topic ${topic}`)
        if (isLate || leaders.length < partitions || leaders.includes(-1))
          throw new BrokerError(code.leaderNotAvailable, `topic ${topic}`)
      }
    })
  }

  /** Tries until it works, the failure is one that time does not heal, or twice the request timeout has passed. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const backoff = new Backoff()
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const spentMs = performance.now() - startedAt
        if (
          this.#closing.signal.aborted ||
          !isRetriable(error) ||
          spentMs > 2 * this.#cluster.settings.requestTimeoutMs
        ) {
          throw publicError(error)
        }
        if (isAboutNobody(error) && spentMs > NEW_TOPIC_PATIENCE_MS) throw publicError(error)
        if (error instanceof LinkError || isAboutController(error)) await this.#cluster.refresh([]).catch(() => {})
        await pause(backoff.next(), this.#closing.signal)
      }
    }
  }
}

/** A topic that was created a moment ago is not known to every broker at once; after that, it does not exist. */
const NEW_TOPIC_PATIENCE_MS = 2_000

function isAboutNobody(error: unknown): boolean {
  return error instanceof BrokerError && error.kafkaCode === code.unknownTopicOrPartition
}

function isAboutController(error: unknown): boolean {
  return error instanceof BrokerError && error.kafkaCode === code.notController
}

function throwFirst(
  errors: readonly { topic: string; errorCode: number; errorMessage?: string | null }[],
  doing: string,
  accepted: number = code.none,
): void {
  for (const { topic, errorCode, errorMessage } of errors) {
    if (errorCode === code.none || errorCode === accepted) continue
    throw new BrokerError(errorCode, `${doing} ${topic}${errorMessage ? ` (${errorMessage})` : ''}`)
  }
}
