/** What simple groups, without members, are asked: offsets committed, within transactions too, fetched and deleted. */
import fc from 'fast-check'
import { anyProducer, end, epochShift, initialize } from './producer-steps.ts'
import { partitions, type Stage } from './stage.ts'
import { mostly, type Step, stepOf } from './step.ts'

const unknownPartition = 9
const longestMetadata = 4096

const group = fc.constantFrom(0, 1)
const partition = mostly(fc.integer({ min: 0, max: partitions - 1 }), unknownPartition)
const topicList = fc.uniqueArray(partition, { minLength: 1, maxLength: 3 })
/** None that is too long: Kafka makes a group for one, which exists for some requests and not for others. */
const metadata = mostly(fc.constantFrom('', 'a note'), null, 'x'.repeat(longestMetadata), 'é'.repeat(longestMetadata))
const offset = fc.integer({ min: -2, max: 50 }).map(BigInt)
const generationId = mostly(fc.constant(-1), -2, 0, 1)
const memberId = mostly(fc.constant(''), 'nobody')

interface Commit {
  readonly partitions: readonly number[]
  readonly offset: bigint
  readonly metadata: string | null
}

function committed(stage: Stage, { partitions, offset, metadata }: Commit): object[] {
  const each = { committedOffset: offset, committedMetadata: metadata }
  return [{ name: stage.topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, ...each })) }]
}

const commit = stepOf(
  'commit',
  { group, partitions: topicList, offset, metadata, generationId, memberId, version: fc.integer({ min: 2, max: 9 }) },
  async (stage, what, { group, version, generationId, memberId, ...sent }) => {
    const answer = await stage.ask<OffsetsAnswer>('OffsetCommit', version, {
      groupId: stage.group(group),
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId: null,
      topics: committed(stage, sent),
    })
    await record(stage, what, answer)
  },
)

const commitInTransaction = stepOf(
  'commit in a transaction',
  { index: anyProducer, group, partitions: topicList, offset, metadata, generationId, memberId, epochShift },
  async (stage, what, { index, group, generationId, memberId, epochShift, ...sent }) => {
    const producer = stage.producer(index)
    if (!producer.isTransactional) return
    const { transactionalId, kind } = producer
    const groupId = stage.group(group)
    const from = { transactionalId, ...producer.identity(epochShift), groupId }
    if (kind === 'classic') await stage.record(`${what}: add`, await stage.ask('AddOffsetsToTxn', 3, from))
    const answer = await stage.ask<OffsetsAnswer>('TxnOffsetCommit', kind === 'classic' ? 3 : 5, {
      ...from,
      generationId,
      memberId,
      groupInstanceId: null,
      topics: committed(stage, sent),
    })
    await record(stage, what, answer)
  },
)

const fetchOffsets = stepOf(
  'fetch offsets',
  { group, sought: fc.option(topicList), requireStable: fc.boolean(), version: fc.integer({ min: 2, max: 9 }) },
  (stage, what, { group, sought, ...rest }) => askForOffsets(stage, what, group, sought, rest),
)

async function askForOffsets(
  stage: Stage,
  what: string,
  group: number,
  sought: readonly number[] | null,
  { version, requireStable }: { readonly version: number; readonly requireStable: boolean },
): Promise<void> {
  const of = {
    groupId: stage.group(group),
    topics: sought && [{ name: stage.topic, partitionIndexes: sought }],
  }
  const request = version >= 8 ? { groups: [{ ...of, memberId: null, memberEpoch: -1 }] } : of
  await record(stage, what, await stage.ask<OffsetsAnswer>('OffsetFetch', version, { ...request, requireStable }))
}

interface OffsetsAnswer {
  readonly topics?: { readonly partitions: { readonly partitionIndex: number }[] }[]
  readonly groups?: readonly Pick<OffsetsAnswer, 'topics'>[]
}

/** Without the order of partitions: in Kafka it is an accident of hashing, or those that are refused come first. */
async function record(stage: Stage, what: string, answer: OffsetsAnswer): Promise<void> {
  for (const { partitions } of (answer.groups?.[0] ?? answer).topics ?? [])
    partitions.sort((one, other) => one.partitionIndex - other.partitionIndex)
  await stage.record(what, answer)
}

const deleteOffsets = stepOf('delete offsets', { group, partitions: topicList }, async (stage, what, sent) => {
  const topics = [{ name: stage.topic, partitions: sent.partitions.map((partitionIndex) => ({ partitionIndex })) }]
  const request = { groupId: stage.group(sent.group), topics }
  await record(stage, what, await stage.ask<OffsetsAnswer>('OffsetDelete', 0, request))
})

const deleteGroup = stepOf('delete group', { group }, async (stage, what, { group }) => {
  await stage.record(what, await stage.ask('DeleteGroups', 2, { groupsNames: [stage.group(group)] }))
})

const describeGroup = stepOf(
  'describe group',
  { group, version: fc.integer({ min: 0, max: 6 }) },
  async (stage, what, { group, version }) => {
    await stage.record(what, await stage.ask('DescribeGroups', version, { groups: [stage.group(group)] }))
  },
)

const listGroups = stepOf(
  'list groups',
  { version: fc.integer({ min: 0, max: 5 }) },
  async (stage, what, { version }) => {
    const { groups } = await stage.ask<{ groups: { groupId: string }[] }>('ListGroups', version, {})
    const own = groups.filter(({ groupId }) => stage.groups.includes(groupId))
    await stage.record(what, { members: own })
  },
)

export const offsetSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: commit },
  { weight: 5, arbitrary: commitInTransaction },
  { weight: 5, arbitrary: fetchOffsets },
  { weight: 2, arbitrary: deleteOffsets },
  { weight: 1, arbitrary: deleteGroup },
  { weight: 1, arbitrary: describeGroup },
  { weight: 1, arbitrary: listGroups },
  { weight: 3, arbitrary: end },
  { weight: 1, arbitrary: initialize },
)

/** All that is committed when a history is over. */
export async function fetchAllOffsets(stage: Stage): Promise<void> {
  for (const group of [0, 1])
    for (const requireStable of [false, true])
      await askForOffsets(stage, `offsets in the end, stable: ${requireStable}`, group, null, {
        version: 9,
        requireStable,
      })
}
