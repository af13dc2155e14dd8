/** What members of the newer protocol tell their coordinator, right and wrong. */
import fc from 'fast-check'
import { errorCodes } from '../../../src/protocol/error-codes.ts'
import { mostly, type Step, stepOf } from '../step.ts'
import { isCalm } from './calm.ts'
import type { Beat, ConsumerSide, Owned } from './consumer-side.ts'
import type { Duet } from './duet.ts'
import { untilOrLimit } from './side.ts'

export type ConsumerDuet = Duet<ConsumerSide>

/** Two that come and go, and two that take turns as one static member. */
const members = [
  { memberId: 'a', instanceId: null },
  { memberId: 'b', instanceId: null },
  { memberId: 'c', instanceId: 'one' },
  { memberId: 'd', instanceId: 'one' },
] as const

const who = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom(...members) },
  fc.constantFrom({ memberId: 'a', instanceId: 'one' }, { memberId: 'c', instanceId: null }),
)
const subscription = mostly(fc.constant('all'), 'another')
const owned: fc.Arbitrary<Owned> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('told' as const) },
  fc.constantFrom(null, 'nothing', 'everything'),
)

/** A topic at least: Kafka gives those that name none a share if it assigns at that moment. */
function topics(side: ConsumerSide, subscription: string | null): readonly string[] | null {
  if (subscription === null) return null
  return [subscription === 'all' ? side.topic : `absent-${side.session.suffix}`]
}

/** A beat that made the coordinator assign is compared when its member has got there. */
async function beat(duet: ConsumerDuet, what: string, beatOf: (side: ConsumerSide) => Beat): Promise<void> {
  const sides = [duet.theirs, duet.ours]
  const before = await duet.ours.epochs()
  const answers = await Promise.all(sides.map((side) => side.beat(beatOf(side))))
  const after = await duet.ours.epochs()
  await untilOrLimit(async () => (await duet.theirs.epochs()) === after, 5)
  const isUnsettling = after !== before && answers.every(({ errorCode }) => errorCode === errorCodes.NONE)
  for (const [index, side] of sides.entries()) {
    const asked = beatOf(side)
    side.noteFact(what, isUnsettling && asked.memberEpoch >= 0 ? await side.converge(asked) : answers[index])
  }
}

/** As who they are: see skipped-features.md for a dynamic member that comes back as a static one. */
const join = stepOf(
  'join',
  { who: fc.constantFrom(...members), subscription },
  async (duet: ConsumerDuet, what, { who, subscription }) => {
    if (!(await isCalm(duet, who))) return
    await beat(duet, what, (side) => {
      const subscribed = topics(side, subscription)
      return { ...who, memberEpoch: 0, owned: 'nothing', subscribed, hasTimeout: true }
    })
  },
)

/** Not with the epoch before: which one that was depends on when the coordinator assigned. */
const epochShift = mostly(fc.constant(0), 1, 3)

const goOn = stepOf(
  'beat',
  { who, owned, epochShift, subscription: mostly(fc.constant(null), 'all', 'another'), hasTimeout: fc.boolean() },
  async (duet: ConsumerDuet, what, { who, epochShift, subscription, ...said }) => {
    if (subscription !== null && !(await isCalm(duet, who))) return
    await beat(duet, what, (side) => {
      const memberEpoch = side.epochOf(who.memberId) + epochShift
      return { ...who, ...said, memberEpoch, subscribed: topics(side, subscription) }
    })
  },
)

const leave = stepOf('leave', { who, isForNow: fc.boolean() }, async (duet: ConsumerDuet, what, { who, isForNow }) => {
  if (!(await isCalm(duet, who))) return
  const memberEpoch = isForNow ? -2 : -1
  await beat(duet, what, () => ({ ...who, memberEpoch, owned: null, subscribed: null, hasTimeout: false }))
})

const leaveAsClassic = stepOf(
  'leave by the classic API',
  { who, isByInstance: fc.boolean() },
  async (duet: ConsumerDuet, what, { who, isByInstance }) => {
    if (!(await isCalm(duet, who))) return
    const identity = { memberId: isByInstance ? '' : who.memberId, groupInstanceId: who.instanceId, reason: null }
    await duet.ask(what, ({ groupId }) => ({ request: ['LeaveGroup', 5, { groupId, members: [identity] }] }))
  },
)

const commit = stepOf(
  'commit',
  { who, epochShift, version: fc.integer({ min: 8, max: 9 }) },
  (duet: ConsumerDuet, what, { who, epochShift, version }) =>
    duet.ask(what, (side) => {
      const generationIdOrMemberEpoch = side.epochOf(who.memberId) + epochShift
      const offset = { partitionIndex: 0, committedOffset: 1n, committedMetadata: '' }
      const speaker = { memberId: who.memberId, groupInstanceId: who.instanceId, generationIdOrMemberEpoch }
      const committed = [{ name: side.topic, partitions: [offset] }]
      return { request: ['OffsetCommit', version, { groupId: side.groupId, ...speaker, topics: committed }] }
    }),
)

const fetch = stepOf('fetch offsets', { who, epochShift }, (duet: ConsumerDuet, what, { who, epochShift }) =>
  duet.ask(what, (side) => {
    const speaker = { memberId: who.memberId, memberEpoch: side.epochOf(who.memberId) + epochShift }
    const sought = [{ name: side.topic, partitionIndexes: [0] }]
    const group = { groupId: side.groupId, ...speaker, topics: sought }
    return { request: ['OffsetFetch', 9, { groups: [group], requireStable: false }] }
  }),
)

const forget = stepOf('delete offsets', {}, (duet: ConsumerDuet, what) =>
  duet.ask(what, ({ groupId, topic }) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }]
    return { request: ['OffsetDelete', 0, { groupId, topics }] }
  }),
)

const deleteGroup = stepOf('delete group', {}, (duet: ConsumerDuet, what) =>
  duet.ask(what, ({ groupId }) => ({ request: ['DeleteGroups', 2, { groupsNames: [groupId] }] })),
)

export const consumerSteps: fc.Arbitrary<Step<ConsumerDuet>> = fc.oneof(
  { weight: 5, arbitrary: join },
  { weight: 10, arbitrary: goOn },
  { weight: 3, arbitrary: leave },
  { weight: 1, arbitrary: leaveAsClassic },
  { weight: 2, arbitrary: commit },
  { weight: 1, arbitrary: fetch },
  { weight: 1, arbitrary: forget },
  { weight: 1, arbitrary: deleteGroup },
)
