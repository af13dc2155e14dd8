/** What AlterConfigs and IncrementalAlterConfigs have in common: every resource is answered for itself. */
import type { TopicConfig } from '../cluster/topic-config.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { alterableTopic, isRefusal, type Refusal, type Resource, stagedResource } from './config-resource.ts'

interface AlterRequest<R extends Resource> {
  readonly resources: readonly R[]
  readonly validateOnly: boolean
}

/** @param settingsOf - what the topic's own settings are afterwards, or why they cannot be changed like that. */
export function alterEach<R extends Resource>(
  { resources, validateOnly }: AlterRequest<R>,
  context: RequestContext,
  settingsOf: (resource: R, config: TopicConfig) => ReadonlyMap<string, string> | Refusal,
) {
  const responses = resources.map((resource) => {
    const answer = (error: ErrorName, errorMessage: string | null = null) =>
      answerFor(resource, errorCodes[error], errorMessage)
    return stagedResource(resource, context, answer, () => {
      const topic = alterableTopic(resource, context)
      if (isRefusal(topic)) return answer(...topic)
      const settings = settingsOf(resource, topic.config)
      if (isRefusal(settings)) return answer(...settings)
      if (!validateOnly) topic.config.replace(settings)
      return answer('NONE')
    })
  })
  return { responses }
}

export function failEach({ resources }: { readonly resources: readonly Resource[] }, errorCode: number) {
  return { responses: resources.map((resource) => answerFor(resource, errorCode, null)) }
}

function answerFor({ resourceType, resourceName }: Resource, errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, resourceType, resourceName }
}
