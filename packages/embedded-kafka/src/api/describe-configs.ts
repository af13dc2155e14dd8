import type { ConfigEntry } from '../cluster/topic-config.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, type Input, optional } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullable, nullableString, string } from '../protocol/fields.ts'
import {
  brokerResource,
  describedSetting,
  isRefusal,
  type Refusal,
  type Resource,
  stagedResource,
  synonymsOf,
  topicResource,
  topicsAmong,
  unknownTopic,
} from './config-resource.ts'
import { onceEach } from './once-each.ts'

const typeCodes = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const

const configResponse = {
  name: string,
  value: nullableString,
  readOnly: boolean,
  configSource: optional(from(1, int8), -1),
  isSensitive: boolean,
  synonyms: from(1, array({ name: string, value: nullableString, source: int8 })),
  configType: from(3, int8),
  documentation: optional(from(3, nullableString), null),
}
const resourceResponse = {
  errorCode: int16,
  errorMessage: nullableString,
  resourceType: int8,
  resourceName: string,
  configs: array(configResponse),
}
type ConfigResponse = Input<typeof configResponse>
type ResourceResponse = Input<typeof resourceResponse>

export const describeConfigs: Api = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleSince: 4,
  request: {
    resources: array({ resourceType: int8, resourceName: string, configurationKeys: nullable(array(string)) }),
    includeSynonyms: from(1, boolean),
    includeDocumentation: from(3, boolean),
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    results: array(resourceResponse),
  },
  subjects: ({ resources }) => topicsAmong(resources),
  handle: ({ resources, includeSynonyms }, context) => ({
    results: onceEach(resources, keyOf).map(({ resourceType, resourceName, configurationKeys }) => {
      const resource = { resourceType, resourceName }
      const refuse = (error: ErrorName, errorMessage: string | null = null): ResourceResponse => ({
        ...resource,
        errorCode: errorCodes[error],
        errorMessage,
        configs: [],
      })
      return stagedResource(resource, context, refuse, () => {
        const entries = entriesOf(resource, context)
        if (isRefusal(entries)) return refuse(...entries)
        const configs = entries
          .filter(({ name }) => configurationKeys === null || configurationKeys.includes(name))
          .map((entry) => described(entry, includeSynonyms))
        return { ...resource, errorCode: errorCodes.NONE, errorMessage: null, configs }
      })
    }),
  }),
  fail: ({ resources }, errorCode) => ({
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
      configs: [],
    })),
  }),
})

function keyOf({ resourceType, resourceName }: Resource): string {
  return `${resourceType} ${resourceName}`
}

function entriesOf(
  { resourceType, resourceName }: Resource,
  { cluster, brokerId }: RequestContext,
): ConfigEntry[] | Refusal {
  if (resourceType === topicResource) return cluster.topic(resourceName)?.config.entries() ?? unknownTopic(resourceName)
  if (resourceType !== brokerResource) return ['INVALID_REQUEST', `Unsupported resource type: ${resourceType}`]
  if (resourceName !== String(brokerId)) return ['INVALID_REQUEST', `Unexpected broker id, expected ${brokerId}`]
  const { autoCreateTopics, defaultPartitions, defaultReplicationFactor, groupInitialRebalanceDelayMs } =
    cluster.options
  const settings = {
    'auto.create.topics.enable': autoCreateTopics,
    'default.replication.factor': defaultReplicationFactor,
    'group.initial.rebalance.delay.ms': groupInitialRebalanceDelayMs,
    'num.partitions': defaultPartitions,
  }
  return Object.entries(settings).map(([name, value]) => ({
    name,
    value: String(value),
    type: typeof value === 'boolean' ? 'boolean' : 'int',
    isDefault: true,
    inherited: { name, value: String(value) },
  }))
}

function described(entry: ConfigEntry, includeSynonyms: boolean): ConfigResponse {
  return {
    ...describedSetting(entry),
    synonyms: includeSynonyms ? synonymsOf(entry) : [],
    configType: typeCodes[entry.type],
  }
}
