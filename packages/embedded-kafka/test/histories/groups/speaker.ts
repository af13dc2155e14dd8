/** Who speaks in a step: mostly a member as which it may, and once in a while somebody else. */
import fc from 'fast-check'
import type { Member, Members } from './members.ts'

export type Speaker = Pick<Member, 'id' | 'instanceId' | 'generationId' | 'protocolName'>

export interface Who {
  readonly among: string
  readonly index: number
  /** Null for its own. */
  readonly instanceId: string | null
}

export const who: fc.Arbitrary<Who> = fc.record(
  {
    among: fc.oneof({ weight: 12, arbitrary: fc.constant('present') }, fc.constantFrom('past', 'strangers', 'nobody')),
    index: fc.nat(4),
    instanceId: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, fc.constantFrom('none', 'one', 'two')),
  },
  { noNullPrototype: true },
)

export function speakerOf(members: Members, { among, index, instanceId }: Who): Speaker | undefined {
  const speaker = among === 'strangers' || among === 'nobody' ? outsider(among) : pick(members, among, index)
  if (!speaker || instanceId === null) return speaker
  return { ...speaker, instanceId: instanceId === 'none' ? null : instanceId }
}

function pick(members: Members, among: string, index: number): Speaker | undefined {
  const known = among === 'past' ? members.past : members.present
  return known[index % Math.max(1, known.length)]
}

function outsider(among: string): Speaker {
  return { id: among === 'strangers' ? 'stranger' : '', instanceId: null, generationId: -1, protocolName: null }
}
