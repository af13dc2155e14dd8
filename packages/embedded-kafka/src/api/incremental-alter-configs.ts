import { configFault, isListSetting, type TopicConfig } from '../cluster/topic-config.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { optional, type Value } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullableString, string } from '../protocol/fields.ts'
import { alterEach, failEach } from './altered-settings.ts'
import { type Refusal, topicsAmong } from './config-resource.ts'

const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

const change = { name: string, configOperation: int8, value: nullableString }

/** Changes single settings of a topic and leaves the others as they are. */
export const incrementalAlterConfigs: Api = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleSince: 1,
  request: {
    resources: array({ resourceType: int8, resourceName: string, configs: array(change) }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    responses: array({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string }),
  },
  subjects: ({ resources }) => topicsAmong(resources),
  handle: (sent, context) => alterEach(sent, context, ({ configs }, config) => changed(config, configs)),
  fail: failEach,
})

function changed(config: TopicConfig, changes: readonly Value<typeof change>[]): ReadonlyMap<string, string> | Refusal {
  const settings = new Map(config.overrides)
  for (const { name, configOperation, value } of changes) {
    if (configOperation === operation.delete) {
      settings.delete(name)
      continue
    }
    // Kafka has no better word for it either.
    if (configOperation < operation.set || configOperation > operation.subtract)
      return ['UNKNOWN_SERVER_ERROR', `Unknown operation ${configOperation} on ${name}`]
    if (value === null) return ['INVALID_REQUEST', `Null value not supported for ${name}`]
    const isListChange = configOperation !== operation.set
    if (isListChange && !isListSetting(name))
      return ['INVALID_CONFIG', `Can't append to or subtract from ${name}: it is not a list`]
    const next = isListChange ? changedList(config, name, configOperation, value) : value
    const fault = configFault(name, next)
    if (fault) return ['INVALID_CONFIG', fault]
    settings.set(name, next)
  }
  return settings
}

function changedList(config: TopicConfig, name: string, configOperation: number, value: string): string {
  const parts = (text: string): string[] => text.split(',').filter((part) => part !== '')
  const present = parts(config.entries().find((entry) => entry.name === name)?.value ?? '')
  const given = parts(value)
  const next =
    configOperation === operation.append
      ? [...new Set([...present, ...given])]
      : present.filter((part) => !given.includes(part))
  return next.join(',')
}
