/** The requests of members of the classic protocol. */
import type { ClassicSide } from './classic-side.ts'
import type { JoinAnswer } from './members.ts'
import type { Asked } from './side.ts'
import type { Speaker } from './speaker.ts'

/** Nobody is forgotten while a history is told: these are longer than any. */
const sessionTimeoutMs = 300_000
const rebalanceTimeoutMs = 300_000
export interface Wish {
  readonly protocolNames: readonly string[]
  readonly metadata: string
  readonly protocolType: string
  readonly version: number
}

export function join(side: ClassicSide, speaker: Pick<Speaker, 'id' | 'instanceId'>, wish: Wish): Asked {
  const { protocolNames, protocolType, version, metadata } = wish
  const groupInstanceId = version < 5 ? null : speaker.instanceId
  const protocols = protocolNames.map((name) => ({ name, metadata: subscription(metadata, side.topic) }))
  const identity = { memberId: speaker.id, groupInstanceId }
  const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs }
  const request = { groupId: side.groupId, ...timeouts, ...identity, protocolType, protocols, reason: null }
  return {
    request: ['JoinGroup', version, request],
    learn: (answer: JoinAnswer) => side.members.joined(answer, groupInstanceId),
  }
}

/** As consumers write it: a version, and the names of topics. */
function subscription(metadata: string, topic: string): Buffer {
  if (metadata === 'odd') return Buffer.from(metadata)
  const topics = metadata === 'all' ? [topic] : []
  const bytes = topics.flatMap((name) => [0, name.length, ...Buffer.from(name)])
  return Buffer.from([0, 0, 0, 0, 0, topics.length, ...bytes, 0, 0, 0, 0])
}

export interface Sync {
  readonly sharing: string
  readonly belief: string
  readonly generationShift: number
  readonly version: number
}

export function sync(side: ClassicSide, speaker: Speaker, { sharing, belief, generationShift, version }: Sync): Asked {
  const protocolType = { right: 'consumer', none: null, wrong: 'connect' }[belief] ?? null
  const protocolName = { right: speaker.protocolName, none: null, wrong: 'wrong' }[belief] ?? null
  const present = side.members.present
  const sharers = { everybody: present, 'the first': present.slice(0, 1) }[sharing] ?? []
  const assignments = sharers.map((member) => ({
    memberId: member.id,
    assignment: Buffer.from(`${side.members.nameOf(member)} in ${speaker.generationId}`),
  }))
  const request = { ...spoken(side, speaker, generationShift, version >= 3), protocolType, protocolName, assignments }
  return { request: ['SyncGroup', version, request] }
}

export function spoken(side: ClassicSide, { id, instanceId, generationId }: Speaker, shift: number, isStatic: boolean) {
  return {
    groupId: side.groupId,
    memberId: id,
    groupInstanceId: isStatic ? instanceId : null,
    generationId: generationId + shift,
  }
}
