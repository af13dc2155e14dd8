import type { Topic } from '../cluster/topic.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional, type Value } from '../protocol/field-type.ts'
import { boolean, int16, int32, nullable, nullableString, string } from '../protocol/fields.ts'
import { maxPartitions } from './create-topics.ts'
import { assignmentFault } from './replica-assignment.ts'

const wantedPartitions = { name: string, count: int32, assignments: nullable(array({ brokerIds: array(int32) })) }

export const createPartitions: Api = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleSince: 2,
  request: { topics: array(wantedPartitions), timeoutMs: int32, validateOnly: boolean },
  response: {
    throttleTimeMs: optional(int32, 0),
    results: array({ name: string, errorCode: int16, errorMessage: optional(nullableString, null) }),
  },
  subjects: ({ topics }) => topics.map(({ name }) => ({ topic: name })),
  handle: ({ topics, validateOnly }, context) => ({
    results: topics.map((wanted) => {
      const { name, count, assignments } = wanted
      const answer = (error: ErrorName, errorMessage: string | null = null) => ({
        name,
        errorCode: errorCodes[error],
        errorMessage,
      })
      return context.staged(name, undefined, answer, () => {
        const topic = context.cluster.topic(name)
        if (!topic) return answer('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
        const fault = growthFault(topic, wanted, context)
        if (fault) return answer(...fault)
        if (!validateOnly)
          context.cluster.addPartitions(topic, count - topic.partitions.length, {
            replicationFactor: topic.replicationFactor,
            ...(assignments ? { assignment: assignments.map(({ brokerIds }) => brokerIds) } : {}),
          })
        return answer('NONE')
      })
    }),
  }),
})

function growthFault(
  topic: Topic,
  { count, assignments }: Value<typeof wantedPartitions>,
  { cluster }: RequestContext,
): readonly [ErrorName, string] | undefined {
  const present = topic.partitions.length
  if (count === present) return ['INVALID_PARTITIONS', `Topic already has ${present} partition(s).`]
  if (count < present)
    return [
      'INVALID_PARTITIONS',
      `The topic ${topic.name} currently has ${present} partition(s); ${count} would not be an increase.`,
    ]
  if (count > maxPartitions)
    return ['POLICY_VIOLATION', `This broker keeps at most ${maxPartitions} partitions in a topic.`]
  if (!assignments) return undefined
  if (assignments.length !== count - present)
    return [
      'INVALID_REPLICA_ASSIGNMENT',
      `Attempted to add ${count - present} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    ]
  const problem = assignmentFault(
    assignments.map(({ brokerIds }) => brokerIds),
    cluster,
  )
  return problem ? ['INVALID_REPLICA_ASSIGNMENT', problem] : undefined
}
