/** Which assignment strategy a group uses: one that all members know, and that most of them prefer. */
import type { Member, MemberProtocol } from './member.ts'

/** Whether all members know at least one of these protocols. */
export function supportsAny(members: readonly Member[], protocols: readonly MemberProtocol[]): boolean {
  return protocols.some(({ name }) => members.every((member) => knows(member, name)))
}

/** Every member votes for the first of its protocols that all know; with equal votes the first in the first member's list wins. */
export function selectProtocol(members: readonly Member[]): string {
  const common = (members[0]?.protocols ?? [])
    .map(({ name }) => name)
    .filter((name) => members.every((member) => knows(member, name)))
  const votes = new Map(common.map((name) => [name, 0]))
  for (const member of members) {
    const choice = member.protocols.find(({ name }) => votes.has(name))?.name ?? ''
    votes.set(choice, (votes.get(choice) ?? 0) + 1)
  }
  const mostVotes = Math.max(0, ...votes.values())
  return common.find((name) => votes.get(name) === mostVotes) ?? ''
}

function knows(member: Member, protocol: string): boolean {
  return member.protocols.some(({ name }) => name === protocol)
}
