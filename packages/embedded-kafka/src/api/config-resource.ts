/** What the configuration APIs have in common: resources are topics or brokers, and only topics can be altered here. */
import type { Topic } from '../cluster/topic.ts'
import type { ConfigEntry } from '../cluster/topic-config.ts'
import type { RequestContext } from '../network/request-context.ts'
import type { Subject } from '../protocol/api.ts'
import type { ErrorName } from '../protocol/error-codes.ts'

export const topicResource = 2
export const brokerResource = 4

const source = { topic: 1, cluster: 3, default: 5 } as const

/** Kept for the whole cluster by every cluster that was made with Kafka 4.1 or later (KIP-966). */
const clusterSetting = 'min.insync.replicas'

/** A setting as every API describes it. */
export function describedSetting({ name, value, isDefault }: ConfigEntry) {
  const inherited = name === clusterSetting ? source.cluster : source.default
  return { name, value, readOnly: false, configSource: isDefault ? inherited : source.topic, isSensitive: false }
}

export interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

/** What a request about those resources names, for faults and rights: only topics are chosen by name. */
export function topicsAmong(resources: readonly Resource[]): Subject[] {
  return resources.filter(isTopic).map(({ resourceName }) => ({ topic: resourceName }))
}

/** Answers for one resource, unless it is a topic that the client may not touch or for which a fault is staged. */
export function stagedResource<T>(
  resource: Resource,
  context: RequestContext,
  refuse: (error: ErrorName) => T,
  answer: () => T,
): T {
  return isTopic(resource) ? context.staged(resource.resourceName, undefined, refuse, answer) : answer()
}

function isTopic({ resourceType }: Resource): boolean {
  return resourceType === topicResource
}

export type Refusal = readonly [ErrorName, string]

/** The topic whose settings are to be altered, or why there is none. */
export function alterableTopic({ resourceType, resourceName }: Resource, { cluster }: RequestContext): Topic | Refusal {
  if (resourceType !== topicResource)
    return ['INVALID_REQUEST', 'Only the settings of topics can be altered in this broker.']
  return cluster.topic(resourceName) ?? unknownTopic(resourceName)
}

export function unknownTopic(name: string): Refusal {
  return ['UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`]
}

export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return Array.isArray(value) && typeof value[0] === 'string'
}

/** A setting's own value and those behind it, in the order in which they would apply. */
export function synonymsOf({ name, value, isDefault, inherited }: ConfigEntry) {
  const own = isDefault ? [] : [{ name, value, source: source.topic }]
  if (!inherited) return own
  const clusterWide = inherited.name === clusterSetting ? [{ ...inherited, source: source.cluster }] : []
  return [...own, ...clusterWide, { ...inherited, source: source.default }]
}
