import { configFault } from '../cluster/topic-config.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullableString, string } from '../protocol/fields.ts'
import { alterableTopic, isRefusal, stagedResource, topicsAmong } from './config-resource.ts'

/** Replaces all settings of a topic: what is not named goes back to its default. */
export const alterConfigs: Api = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({ name: string, value: nullableString }),
    }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    responses: array({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string }),
  },
  subjects: ({ resources }) => topicsAmong(resources),
  handle: ({ resources, validateOnly }, context) => ({
    responses: resources.map(({ resourceType, resourceName, configs }) => {
      const answer = (error: ErrorName, errorMessage: string | null = null) => ({
        errorCode: errorCodes[error],
        errorMessage,
        resourceType,
        resourceName,
      })
      const resource = { resourceType, resourceName }
      return stagedResource(resource, context, answer, () => {
        const topic = alterableTopic(resource, context)
        if (isRefusal(topic)) return answer(...topic)
        if (configs.some(({ value }) => value === null)) return answer('INVALID_REQUEST', 'A value is null.')
        const fault = configs.map(({ name, value }) => configFault(name, value)).find((each) => each !== undefined)
        if (fault) return answer('INVALID_CONFIG', fault)
        if (!validateOnly) topic.config.replace(new Map(configs.map(({ name, value }) => [name, value ?? ''])))
        return answer('NONE')
      })
    }),
  }),
  fail: ({ resources }, errorCode) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
    })),
  }),
})
