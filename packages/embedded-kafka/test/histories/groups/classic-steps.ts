/** What members of the classic protocol ask their coordinator, right and wrong. */
import fc from 'fast-check'
import { errorCodes } from '../../../src/protocol/error-codes.ts'
import { mostly, type Step, stepOf } from '../step.ts'
import { join, spoken, sync } from './classic-requests.ts'
import { type ClassicSide, partitions } from './classic-side.ts'
import type { Duet } from './duet.ts'
import { speakerOf, who } from './speaker.ts'

export type ClassicDuet = Duet<ClassicSide>

/** More of them would wait for each other all the time. */
const mostMembers = 5

const version = (from: number, to: number) => fc.integer({ min: from, max: to })
const instanceId = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constantFrom('one', 'two'))
const generationShift = mostly(fc.constant(0), -1, 1)
/** All prefer the first that they know: which of two with equal votes wins is an accident of hashing in Kafka. */
const protocolNames: fc.Arbitrary<readonly string[]> = mostly<readonly string[]>(
  fc.constantFrom(['range', 'sticky'], ['range']),
  ['sticky'],
  ['foreign'],
  [],
)

const wish = {
  protocolNames,
  metadata: mostly(fc.constant('all'), 'some', 'odd'),
  protocolType: mostly(mostly(fc.constant('consumer'), 'consumer'), 'connect', ''),
  version: version(0, 9),
}
const joinAnew = stepOf(
  'join anew',
  { instanceId, ...wish },
  async (duet: ClassicDuet, what, { instanceId, ...wish }) =>
    duet.ask(what, (side) => {
      const isFull = side.members.present.length >= mostMembers && !side.members.static(instanceId)
      return isFull ? undefined : join(side, { id: '', instanceId }, wish)
    }),
)

const joinAgain = stepOf('join again', { who, ...wish }, async (duet: ClassicDuet, what, { who, ...wish }) =>
  duet.ask(what, (side) => {
    const speaker = speakerOf(side.members, who)
    return speaker && join(side, speaker, wish)
  }),
)

const sharing = fc.constantFrom('everybody', 'everybody', 'the first', 'nobody')
const belief = mostly(fc.constant('right'), 'none', 'wrong')

const syncs = stepOf(
  'sync',
  { who, sharing, belief, generationShift, version: version(0, 5) },
  async (duet: ClassicDuet, what, { who, ...choices }) =>
    duet.ask(what, (side) => {
      const speaker = speakerOf(side.members, who)
      return speaker && sync(side, speaker, choices)
    }),
)

const heartbeat = stepOf(
  'heartbeat',
  { who, generationShift, version: version(0, 4) },
  async (duet: ClassicDuet, what, { who, generationShift, version }) =>
    duet.ask(what, (side) => {
      const speaker = speakerOf(side.members, who)
      return speaker && { request: ['Heartbeat', version, spoken(side, speaker, generationShift, version >= 3)] }
    }),
)

const leave = stepOf(
  'leave',
  { who, isByInstance: mostly(fc.constant(false), true), version: version(0, 5) },
  async (duet: ClassicDuet, what, { who, isByInstance, version }) =>
    duet.ask(what, (side) => {
      const speaker = speakerOf(side.members, who)
      if (!speaker) return undefined
      const isAdministrator = isByInstance && version >= 3
      const target = isAdministrator ? (side.members.static(speaker.instanceId)?.id ?? '') : speaker.id
      if (!mayLeave(side, target)) return undefined
      const identity = {
        memberId: isAdministrator ? '' : speaker.id,
        groupInstanceId: speaker.instanceId,
        reason: null,
      }
      const request = { groupId: side.groupId, memberId: speaker.id, members: [identity] }
      return {
        request: ['LeaveGroup', version, request],
        learn: (answer: LeaveAnswer) => learnLeft(side, target, answer),
      }
    }),
)

interface LeaveAnswer {
  readonly errorCode: number
  readonly members: readonly { readonly errorCode: number }[] | undefined
}

function learnLeft(side: ClassicSide, memberId: string, { errorCode, members }: LeaveAnswer): void {
  const codes = [errorCode, ...(members ?? []).map((each) => each.errorCode)]
  if (codes.every((code) => code === errorCodes.NONE)) side.members.left(memberId)
}

/**
 * Which of several others leads next is an accident of hashing in Kafka. And it never answers the SyncGroup of somebody who leaves meanwhile.
 */
function mayLeave(side: ClassicSide, memberId: string): boolean {
  if (memberId === side.members.leaderId && side.size > 2) return false
  return !side.isWaiting(
    ([api, , request]) => api === 'SyncGroup' && 'memberId' in request && request.memberId === memberId,
  )
}

/** What one step says about several of them: the group begins anew once, after all have left. */
const leaveTogether = stepOf(
  'leave together',
  { all: fc.array(who, { minLength: 2, maxLength: 3 }), version: version(3, 5) },
  async (duet: ClassicDuet, what, { all, version }) =>
    duet.ask(what, (side) => {
      const speakers = all.flatMap((each) => speakerOf(side.members, each) ?? [])
      if (speakers.some(({ id }) => !mayLeave(side, id))) return undefined
      const members = speakers.map(({ id, instanceId }) => ({
        memberId: id,
        groupInstanceId: instanceId,
        reason: null,
      }))
      const learn = (answer: LeaveAnswer): void => {
        for (const [index, { errorCode }] of (answer.members ?? []).entries())
          if (errorCode === errorCodes.NONE) side.members.left(speakers[index]?.id ?? '')
      }
      return { request: ['LeaveGroup', version, { groupId: side.groupId, members }], learn }
    }),
)

const commit = stepOf(
  'commit',
  { who, generationShift, partition: fc.integer({ min: 0, max: partitions - 1 }), version: version(2, 9) },
  async (duet: ClassicDuet, what, { who, generationShift, partition, version }) =>
    duet.ask(what, (side) => {
      const speaker = speakerOf(side.members, who)
      if (!speaker) return undefined
      const { generationId, ...identity } = spoken(side, speaker, generationShift, version >= 7)
      const offset = { partitionIndex: partition, committedOffset: 1n, committedMetadata: `by ${generationId}` }
      const topics = [{ name: side.topic, partitions: [offset] }]
      return { request: ['OffsetCommit', version, { ...identity, generationIdOrMemberEpoch: generationId, topics }] }
    }),
)

const forget = stepOf('delete offsets', {}, async (duet: ClassicDuet, what) =>
  duet.ask(what, ({ groupId, topic }) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }]
    return { request: ['OffsetDelete', 0, { groupId, topics }] }
  }),
)

const describe = stepOf('describe group', { version: version(0, 6) }, async (duet: ClassicDuet, what, { version }) =>
  duet.ask(what, ({ groupId }) => ({ request: ['DescribeGroups', version, { groups: [groupId] }] })),
)

const deleteGroup = stepOf('delete group', {}, async (duet: ClassicDuet, what) =>
  duet.ask(what, ({ groupId }) => ({ request: ['DeleteGroups', 2, { groupsNames: [groupId] }] })),
)

/** All join and sync as clients do: the group is stable then, unless somebody is in the way. */
const everybody = stepOf(
  'everybody joins and syncs',
  { metadata: fc.constantFrom('all', 'some'), isLeaderLast: fc.boolean(), version: version(5, 9) },
  async (duet: ClassicDuet, what, { metadata, isLeaderLast, version }) => {
    const wish = { protocolNames: ['range'], metadata, protocolType: 'consumer', version }
    const { members } = duet.ours
    const names = members.present.map((member) => members.nameOf(member))
    const speaker = (side: ClassicSide, name: string) =>
      side.members.present.find((each) => side.members.nameOf(each) === name)
    for (const name of names)
      await duet.ask(`${what}: ${name} joins`, (side) => {
        const member = speaker(side, name)
        return member && join(side, member, wish)
      })
    const isLeader = (name: string): boolean => speaker(duet.ours, name)?.id === members.leaderId
    const order = names.toSorted((one, other) => Number(isLeader(one)) - Number(isLeader(other)))
    const right = { sharing: 'everybody', belief: 'right', generationShift: 0, version: 5 }
    for (const name of isLeaderLast ? order : order.toReversed())
      await duet.ask(`${what}: ${name} syncs`, (side) => {
        const member = speaker(side, name)
        return member && sync(side, member, right)
      })
  },
)

export const classicSteps: fc.Arbitrary<Step<ClassicDuet>> = fc.oneof(
  { weight: 4, arbitrary: joinAnew },
  { weight: 5, arbitrary: joinAgain },
  { weight: 5, arbitrary: syncs },
  { weight: 3, arbitrary: everybody },
  { weight: 3, arbitrary: heartbeat },
  { weight: 3, arbitrary: leave },
  { weight: 1, arbitrary: leaveTogether },
  { weight: 3, arbitrary: commit },
  { weight: 1, arbitrary: forget },
  { weight: 1, arbitrary: describe },
  { weight: 1, arbitrary: deleteGroup },
)
