import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { array, from, int16, int32, optional, string } from '../protocol/fields.ts'

export const deleteTopics: Api = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 3],
  flexibleSince: 4,
  request: { topicNames: array(string), timeoutMs: int32 },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    responses: array({ name: string, errorCode: int16 }),
  },
  subjects: ({ topicNames }) => topicNames.map((topic) => ({ topic })),
  handle: ({ topicNames }, context) => ({
    responses: topicNames.map((name) => {
      const answer = (error: ErrorName) => ({ name, errorCode: errorCodes[error] })
      return context.staged(name, undefined, answer, () => {
        const topic = context.cluster.topic(name)
        if (!topic) return answer('UNKNOWN_TOPIC_OR_PARTITION')
        context.cluster.deleteTopic(topic)
        return answer('NONE')
      })
    }),
  }),
})
