/** Which assignment strategy a group uses: one that all members know, and that most of them prefer. */
import type { Member, MemberProtocol } from './member.ts'

/** What a group speaks; for a member that does not say what it believes null. */
export interface Protocol {
  readonly protocolType: string | null
  readonly protocolName: string | null
}

/** Whether a member believes that another protocol was chosen. */
export function believesOtherwise(member: Protocol, chosen: Protocol): boolean {
  return (
    (member.protocolType !== null && member.protocolType !== chosen.protocolType) ||
    (member.protocolName !== null && member.protocolName !== chosen.protocolName)
  )
}

/** Whether all members know at least one of these protocols. */
export function supportsAny(members: readonly Member[], protocols: readonly MemberProtocol[]): boolean {
  const known = members.map(namesKnownTo)
  return protocols.some(({ name }) => known.every((names) => names.has(name)))
}

/** Every member votes for the first of its protocols that all know; with equal votes the first in the first member's list wins. */
export function selectProtocol(members: readonly Member[]): string {
  const known = members.map(namesKnownTo)
  const common = [...(known[0] ?? [])].filter((name) => known.every((names) => names.has(name)))
  const votes = new Map(common.map((name) => [name, 0]))
  for (const member of members) {
    const choice = member.protocols.find(({ name }) => votes.has(name))?.name ?? ''
    votes.set(choice, (votes.get(choice) ?? 0) + 1)
  }
  const mostVotes = [...votes.values()].reduce((most, each) => Math.max(most, each), 0)
  return common.find((name) => votes.get(name) === mostVotes) ?? ''
}

/** A set: with lists, a member that names a hundred thousand protocols would keep the broker busy for minutes. */
function namesKnownTo({ protocols }: Member): ReadonlySet<string> {
  return new Set(protocols.map(({ name }) => name))
}
