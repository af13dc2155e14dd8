/** Which topics events and subscriptions need. A plan is a value: it is printed, compared and reviewed before `applyTopics` touches a cluster. */
import type { SubscriptionDefinition } from './consuming/definition/subscription-definition.ts'
import type { TopicSpec } from './driver.ts'
import { TopicPlanError } from './errors.ts'
import type { AnyEventDefinition } from './events/define-event.ts'
import { deadLetterTopic, redriveTopic, retryTopic } from './topics.ts'

/** What a topic is for. `source`: events are published to it. `dlq`, `redrive` and `retry` belong to one group's handling of one source. */
export type TopicPurpose = 'source' | 'dlq' | 'redrive' | 'retry'

export interface PlannedTopic extends TopicSpec {
  readonly purpose: TopicPurpose
  /** The source topic that a group's topic belongs to; the topic itself for a source. */
  readonly source: string
  /** Null for a source. */
  readonly group: string | null
}

export interface TopicSettings {
  /** @defaultValue 6 */
  readonly partitions?: number
  /** @defaultValue -1, the broker's default */
  readonly replicationFactor?: number
  /**
   * How long events stay readable, in milliseconds, also while they wait in retry topics.
   *
   * @defaultValue 604,800,000 (7 days)
   */
  readonly retentionMs?: number
  /**
   * How long dead letters and redriven records stay readable, in milliseconds: the time people have to look at them.
   *
   * @defaultValue 2,592,000,000 (30 days)
   */
  readonly deadLetterRetentionMs?: number
  /**
   * The largest batch the source takes, in bytes.
   *
   * @defaultValue 1,048,588, Kafka's default
   */
  readonly maxMessageBytes?: number
}

export interface TopicPlanOptions {
  /** Events that are published: their topics. */
  readonly events?: readonly AnyEventDefinition[]
  /** Subscriptions: the topics of their events, and for each a dead-letter topic, a redrive topic and the retry topics of their policy. */
  readonly subscriptions?: readonly SubscriptionDefinition[]
  /** For all topics. */
  readonly defaults?: TopicSettings
  /** For single source topics and what belongs to them, by name. */
  readonly topics?: Readonly<Record<string, TopicSettings>>
}

const kafkaDefaults: Required<TopicSettings> = {
  partitions: 6,
  replicationFactor: -1,
  retentionMs: 7 * 86_400_000,
  deadLetterRetentionMs: 30 * 86_400_000,
  maxMessageBytes: 1_048_588,
}

/** What the headers of a dead letter or of a delayed retry may add to a record, in bytes. */
export const provenanceBytes = 64 * 1024

/** Records that wait are read again from the log, of their source or of a retry topic: their longest wait must fit into its retention this many times. */
export const retentionMargin = 2

/**
 * The topics that these events and subscriptions need: sources first, each with its settings; then what groups need beside them.
 *
 * @throws {TopicPlanError} that lists everything that contradicts.
 */
export function planTopics(options: TopicPlanOptions): readonly PlannedTopic[] {
  const subscriptions = options.subscriptions ?? []
  const sources = new Set([
    ...(options.events ?? []).map((event) => event.topic),
    ...subscriptions.flatMap((subscription) => subscription.topics),
  ])
  const settingsOf = (topic: string): Required<TopicSettings> => ({
    ...kafkaDefaults,
    ...options.defaults,
    ...options.topics?.[topic],
  })
  const plan = [...sources].map((topic) => sourceTopic(topic, settingsOf(topic)))
  for (const subscription of subscriptions) {
    for (const source of subscription.topics) plan.push(...groupTopics(source, subscription, settingsOf(source)))
  }
  const unique = withoutRepetitions(plan)
  const faults = [
    ...strayFaults(options.topics ?? {}, sources),
    ...settingFaults(unique),
    ...nameFaults(unique),
    ...retentionFaults(subscriptions, settingsOf),
  ]
  if (faults.length > 0) throw topicPlanError(faults)
  return unique
}

export function topicPlanError(faults: readonly string[]): TopicPlanError {
  return new TopicPlanError(`these topics cannot be had:\n${faults.map((fault) => `- ${fault}`).join('\n')}`)
}

/** Kafka names metrics after topics with dots written as underscores, and so refuses two topics that differ only in these. */
export function collidingForm(topic: string): string {
  return topic.replaceAll('.', '_')
}

function sourceTopic(topic: string, settings: Required<TopicSettings>): PlannedTopic {
  return {
    topic,
    purpose: 'source',
    source: topic,
    group: null,
    partitions: settings.partitions,
    replicationFactor: settings.replicationFactor,
    configs: configs(settings.retentionMs, settings.maxMessageBytes),
  }
}

function groupTopics(
  source: string,
  { group, onFailure }: SubscriptionDefinition,
  { partitions, replicationFactor, ...settings }: Required<TopicSettings>,
): PlannedTopic[] {
  const maxMessageBytes = settings.maxMessageBytes + provenanceBytes
  const common = { source, group, partitions, replicationFactor }
  const kept = { ...common, configs: configs(settings.deadLetterRetentionMs, maxMessageBytes) }
  // The source's retention is long enough for the longest wait, or the plan is refused.
  const passing = { ...common, configs: configs(settings.retentionMs, maxMessageBytes) }
  const delaysMs = typeof onFailure.afterwards === 'object' ? onFailure.afterwards.delaysMs : []
  return [
    { topic: deadLetterTopic(source, group), purpose: 'dlq', ...kept },
    { topic: redriveTopic(source, group), purpose: 'redrive', ...kept },
    ...delaysMs.map((delayMs) => ({
      topic: retryTopic(source, group, delayMs),
      purpose: 'retry' as const,
      ...passing,
    })),
  ]
}

function configs(retentionMs: number, maxMessageBytes: number): Record<string, string> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'max.message.bytes': String(maxMessageBytes),
  }
}

/** Two subscriptions of one group, in different services, ask for the same topics. */
function withoutRepetitions(plan: readonly PlannedTopic[]): PlannedTopic[] {
  const seen = new Set<string>()
  return plan.filter(({ topic, source, group }) => {
    const key = JSON.stringify([topic, source, group])
    return !seen.has(key) && seen.add(key)
  })
}

function strayFaults(topics: Readonly<Record<string, TopicSettings>>, sources: ReadonlySet<string>): string[] {
  return Object.keys(topics)
    .filter((topic) => !sources.has(topic))
    .map((topic) => `topics: '${topic}' is no topic of these events and subscriptions`)
}

function settingFaults(plan: readonly PlannedTopic[]): string[] {
  return plan
    .filter(({ purpose, partitions }) => purpose === 'source' && !(Number.isInteger(partitions) && partitions > 0))
    .map(({ topic, partitions }) => `${topic}: partitions must be a whole number of at least 1, got ${partitions}`)
}

function nameFaults(plan: readonly PlannedTopic[]): string[] {
  const taken = new Map<string, PlannedTopic>()
  const faults: string[] = []
  for (const planned of plan) {
    const other = taken.get(collidingForm(planned.topic))
    if (other === undefined) taken.set(collidingForm(planned.topic), planned)
    else faults.push(`${described(planned)} and ${described(other)} are the same to Kafka: rename one of them`)
  }
  return faults
}

function described({ topic, purpose, source, group }: PlannedTopic): string {
  return group === null ? `${topic} (a source)` : `${topic} (the ${purpose} topic of group ${group} for ${source})`
}

function retentionFaults(
  subscriptions: readonly SubscriptionDefinition[],
  settingsOf: (topic: string) => Required<TopicSettings>,
): string[] {
  const faults: string[] = []
  for (const { group, topics, onFailure } of subscriptions) {
    for (const topic of topics) {
      const { retentionMs } = settingsOf(topic)
      if (retentionMs < 0 || onFailure.maxAgeMs * retentionMargin <= retentionMs) continue
      faults.push(
        `${topic}: a retention of ${retentionMs} ms is too short for group ${group}, which retries for up to ${onFailure.maxAgeMs} ms: at least ${retentionMargin} times that is needed`,
      )
    }
  }
  return faults
}
