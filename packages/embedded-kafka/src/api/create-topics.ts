import type { NewTopic } from '../cluster/cluster.ts'
import { isTopicName, newTopicId } from '../cluster/topic.ts'
import { configFault, TopicConfig } from '../cluster/topic-config.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, optional, tagged, type Value } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullable, nullableString, string, uuid, zeroUuid } from '../protocol/fields.ts'
import { describedSetting } from './config-resource.ts'
import { onceEach } from './once-each.ts'
import { assignmentFault } from './replica-assignment.ts'

/** "The broker's default", for partitions and replicas. */
const byDefault = -1

const wantedTopic = {
  name: string,
  numPartitions: int32,
  replicationFactor: int16,
  assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
  configs: array({ name: string, value: nullableString }),
}
type WantedTopic = Value<typeof wantedTopic>
type Refusal = readonly [ErrorName, string]

export const createTopics: Api = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleSince: 5,
  request: { topics: array(wantedTopic), timeoutMs: int32, validateOnly: boolean },
  response: {
    throttleTimeMs: optional(int32, 0),
    topics: array({
      name: string,
      topicId: optional(from(7, uuid), zeroUuid),
      errorCode: int16,
      errorMessage: optional(nullableString, null),
      topicConfigErrorCode: tagged(0, 5, int16),
      numPartitions: optional(from(5, int32), -1),
      replicationFactor: optional(from(5, int16), -1),
      configs: from(
        5,
        nullable(
          array({ name: string, value: nullableString, readOnly: boolean, configSource: int8, isSensitive: boolean }),
        ),
      ),
    }),
  },
  subjects: ({ topics }) => topics.map(({ name }) => ({ topic: name })),
  handle({ topics, validateOnly }, context) {
    const byName = Map.groupBy(topics, ({ name }) => name)
    const isTooMuch = partitionsOf(topics, context) > maxPartitions
    return {
      // A name that is asked for twice is refused once.
      topics: onceEach(topics, ({ name }) => name).map((wanted) => {
        const answer = (error: ErrorName, errorMessage: string | null = null) => ({
          name: wanted.name,
          errorCode: errorCodes[error],
          errorMessage,
          configs: [],
        })
        return context.staged(wanted.name, undefined, answer, () => {
          if (byName.get(wanted.name)?.length !== 1) return answer('INVALID_REQUEST', 'Duplicate topic name.')
          if (isTooMuch) return answer('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
          const plan = planTopic(wanted, context)
          if (isRefusal(plan)) return answer(...plan)
          const topic = validateOnly ? undefined : context.cluster.createTopic(wanted.name, plan)
          return {
            ...answer('NONE'),
            // A topic that is only validated gets an id too, which nobody will ever have.
            topicId: topic?.id ?? newTopicId(),
            numPartitions: plan.partitions,
            replicationFactor: plan.replicationFactor,
            configs: new TopicConfig(plan.configs).entries().map(describedSetting),
          }
        })
      }),
    }
  },
})

/** How many all topics of a request would have together. */
function partitionsOf(topics: readonly WantedTopic[], { cluster }: RequestContext): number {
  const { defaultPartitions } = cluster.options
  return topics.reduce(
    (sum, { numPartitions: count, assignments }) =>
      sum + (assignments.length || (count === byDefault ? defaultPartitions : Math.max(0, count))),
    0,
  )
}

function planTopic(wanted: WantedTopic, { cluster }: RequestContext): NewTopic | Refusal {
  const { name, assignments, configs } = wanted
  if (!isTopicName(name)) return ['INVALID_TOPIC_EXCEPTION', `Topic name is invalid: '${name}'`]
  if (cluster.topic(name)) return ['TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`]
  const fault = configs.map((config) => configFault(config.name, config.value)).find((each) => each !== undefined)
  if (fault) return ['INVALID_CONFIG', fault]
  const settings = new Map(configs.map((config) => [config.name, config.value ?? '']))

  if (assignments.length > 0) {
    if (wanted.numPartitions !== byDefault || wanted.replicationFactor !== byDefault)
      return ['INVALID_REQUEST', 'Both an assignment and a number of partitions or replicas were given.']
    const assignment = assignments
      .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
      .map(({ brokerIds }) => brokerIds)
    const isConsecutive =
      new Set(assignments.map(({ partitionIndex }) => partitionIndex)).size === assignments.length &&
      assignments.every(({ partitionIndex }) => partitionIndex >= 0 && partitionIndex < assignments.length)
    if (!isConsecutive)
      return ['INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence']
    const problem = assignmentFault(assignment, cluster)
    if (problem) return ['INVALID_REPLICA_ASSIGNMENT', problem]
    return {
      partitions: assignment.length,
      replicationFactor: assignment[0]?.length ?? 1,
      configs: settings,
      assignment,
    }
  }

  const { defaultPartitions, defaultReplicationFactor } = cluster.options
  const partitions = wanted.numPartitions === byDefault ? defaultPartitions : wanted.numPartitions
  const replicas = wanted.replicationFactor === byDefault ? defaultReplicationFactor : wanted.replicationFactor
  if (replicas < 1)
    return ['INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0, or -1 to use the default value.']
  if (partitions < 1) return ['INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.']
  if (replicas > cluster.brokers.length)
    return [
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${replicas} time(s): only ${cluster.brokers.length} broker(s) are registered.`,
    ]
  return { partitions, replicationFactor: replicas, configs: settings }
}

/** As many as Kafka makes for one request: one of a few bytes could otherwise claim 2^31. */
export const maxPartitions = 10_000

function isRefusal(plan: NewTopic | Refusal): plan is Refusal {
  return Array.isArray(plan)
}
