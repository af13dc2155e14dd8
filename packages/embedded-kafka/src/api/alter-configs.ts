import { configFault } from '../cluster/topic-config.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { optional, type Value } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullableString, string } from '../protocol/fields.ts'
import { alterEach, failEach } from './altered-settings.ts'
import { type Refusal, topicsAmong } from './config-resource.ts'

const setting = { name: string, value: nullableString }

/** Replaces all settings of a topic: what is not named goes back to its default. */
export const alterConfigs: Api = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    resources: array({ resourceType: int8, resourceName: string, configs: array(setting) }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    responses: array({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string }),
  },
  subjects: ({ resources }) => topicsAmong(resources),
  handle: (sent, context) => alterEach(sent, context, ({ configs }) => settingsFrom(configs)),
  fail: failEach,
})

function settingsFrom(configs: readonly Value<typeof setting>[]): ReadonlyMap<string, string> | Refusal {
  if (configs.some(({ value }) => value === null)) return ['INVALID_REQUEST', 'A value is null.']
  const fault = configs.map(({ name, value }) => configFault(name, value)).find((each) => each !== undefined)
  if (fault) return ['INVALID_CONFIG', fault]
  return new Map(configs.map(({ name, value }) => [name, value ?? '']))
}
