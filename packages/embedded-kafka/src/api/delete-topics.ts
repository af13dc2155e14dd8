import type { Cluster } from '../cluster/cluster.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, optional, type Value } from '../protocol/field-type.ts'
import { int16, int32, nullable, nullableString, string, uuid, zeroUuid } from '../protocol/fields.ts'

/** Since version 6 topics are given by name or by id. */
const idsSince = 6

const topicRequest = { name: nullableString, topicId: uuid }
const request = {
  topics: from(idsSince, array(topicRequest)),
  topicNames: between(0, idsSince - 1, array(string)),
  timeoutMs: int32,
}

export const deleteTopics: Api = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleSince: 4,
  request,
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    responses: array({
      name: nullable(string, idsSince),
      topicId: from(idsSince, uuid),
      errorCode: int16,
      errorMessage: optional(from(5, nullableString), null),
    }),
  },
  subjects: (asked, cluster) => wantedTopics(asked).map((wanted) => ({ topic: nameOf(wanted, cluster) ?? '' })),
  handle: (asked, context) => ({
    responses: wantedTopics(asked).map((wanted) => {
      const { cluster } = context
      const name = nameOf(wanted, cluster)
      const answer = (error: ErrorName, errorMessage: string | null = null) => ({
        name,
        topicId: wanted.topicId,
        errorCode: errorCodes[error],
        errorMessage,
      })
      if (wanted.topicId !== zeroUuid && wanted.name !== null)
        return { ...answer('INVALID_REQUEST', 'You may not specify both topic name and topic id.'), name: wanted.name }
      if (name === null)
        return wanted.topicId === zeroUuid
          ? answer('INVALID_REQUEST', 'Neither topic name nor id were specified.')
          : answer('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
      return context.staged(name, undefined, answer, () => {
        const topic = cluster.topic(name)
        if (!topic) return answer('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
        cluster.deleteTopic(topic)
        return { ...answer('NONE'), topicId: topic.id }
      })
    }),
  }),
})

function wantedTopics({ topics, topicNames }: Value<typeof request>): readonly Value<typeof topicRequest>[] {
  return [...topics, ...topicNames.map((name) => ({ name, topicId: zeroUuid }))]
}

function nameOf({ name, topicId }: Value<typeof topicRequest>, cluster: Cluster): string | null {
  return name ?? cluster.topicById(topicId)?.name ?? null
}
