import type { TopicDescription, TopicSpec } from '@tributary/event-bus'
import { incrementalAlterConfigs } from '../wire/alter-configs.ts'
import { createPartitions, createTopics, deleteTopics, describeConfigs, TOPIC_RESOURCE } from '../wire/apis.ts'
import { Backoff, pause } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, throwOnCode } from '../wire/failures.ts'
import type { Patience } from './patience.ts'

/** How long the broker that is asked next may take to hear of changed settings, in milliseconds. */
const CHANGED_SETTINGS_PATIENCE_MS = 5_000

/** Topics and their settings. What it returns from is known to the broker that is asked next, not only to the controller. */
export class TopicAdmin {
  readonly #cluster: Cluster
  readonly #patience: Patience

  constructor(cluster: Cluster, patience: Patience) {
    this.#cluster = cluster
    this.#patience = patience
  }

  async list(): Promise<readonly string[]> {
    await this.#patience.retry(() => this.#cluster.refreshAll())
    return this.#cluster.topicNames().filter((topic) => this.#cluster.topic(topic)?.isInternal === false)
  }

  async describe(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    if (topics.length === 0) return []
    return this.#patience.retry(async () => {
      await this.#cluster.refresh(topics)
      return topics.flatMap((topic) => {
        const known = this.#cluster.topic(topic)
        if (known === undefined || known.errorCode === code.unknownTopicOrPartition) return []
        throwOnCode(known.errorCode, `topic ${topic}`)
        return [{ topic, partitions: known.leaders.length, replicationFactor: known.replicationFactor }]
      })
    })
  }

  async create(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]> {
    if (specs.length === 0) return []
    const created = new Map<string, boolean>()
    await this.#patience.retry(async () => {
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

  async delete(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    const left = new Set(topics)
    await this.#patience.retry(async () => {
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
    await this.#patience.retry(async () => {
      await this.#cluster.refresh(topics)
      const remaining = topics.find((topic) => this.#cluster.topic(topic)?.errorCode === code.none)
      if (remaining !== undefined) throw new BrokerError(code.leaderNotAvailable, `deleting topic ${remaining}`)
    })
  }

  async createPartitions(topic: string, totalPartitions: number): Promise<void> {
    let isRepeated = false
    await this.#patience.retry(async () => {
      if (isRepeated && (await this.#partitionCount(topic)) === totalPartitions) return // only the answer was lost
      isRepeated = true
      const link = await this.#cluster.controller()
      const timeout = this.#cluster.settings.requestTimeoutMs
      const topicPartitions = [{ topic, count: totalPartitions }]
      const { topicErrors } = await link.call(createPartitions, { topicPartitions, timeout }, 2 * timeout)
      throwFirst(topicErrors, 'adding partitions to topic')
    })
    await this.#untilLed([{ topic, partitions: totalPartitions }])
  }

  async configs(topic: string): Promise<ReadonlyMap<string, string>> {
    const entries = await this.#configEntries(topic)
    return new Map(
      entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
    )
  }

  async alterConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#patience.retry(async () => {
      const link = await this.#cluster.controller()
      const answer = await link.call(
        incrementalAlterConfigs,
        { topic, configs },
        this.#cluster.settings.requestTimeoutMs,
      )
      throwFirst([{ topic, ...answer }], 'configuring topic')
    })
    await this.#untilConfigured(topic, configs)
  }

  /** Never rejects for what is not seen in time: the controller has the settings, and a broker may show a value in other words than it was given. */
  async #untilConfigured(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const startedAt = performance.now()
    const backoff = new Backoff()
    for (;;) {
      const seen = await this.configs(topic)
      if (Object.entries(configs).every(([name, value]) => seen.get(name) === value)) return
      if (performance.now() - startedAt > CHANGED_SETTINGS_PATIENCE_MS) return
      await pause(backoff.next())
    }
  }

  async #partitionCount(topic: string): Promise<number> {
    await this.#cluster.refresh([topic])
    return this.#cluster.topic(topic)?.leaders.length ?? 0
  }

  async #configEntries(topic: string) {
    return this.#patience.retry(async () => {
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

  async #untilLed(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    await this.#patience.retry(async () => {
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
