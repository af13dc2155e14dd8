/** What the configuration APIs have in common: resources are topics or brokers, and only topics can be altered here. */
import type { Topic } from '../cluster/topic.ts'
import type { RequestContext } from '../network/request-context.ts'
import type { ErrorName } from '../protocol/error-codes.ts'

export const topicResource = 2
export const brokerResource = 4

export interface Resource {
  readonly resourceType: number
  readonly resourceName: string
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
