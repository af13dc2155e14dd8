import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignableGroup, moves, readPartitions, sizes } from '../../../test/support/assignable-group.ts'
import type { AssignedMember } from './assignor.ts'
import { assignUniformly } from './uniform-assignor.ts'

const member = (id: string, topicIds: string[], target: string[] = []): AssignedMember => ({
  id,
  topicIds: new Set(topicIds),
  target: new Set(target),
})

describe('the uniform assignor', () => {
  it('takes from those who have much, and leaves the rest where it is', () => {
    const had = ['t:0', 't:1', 't:2', 't:3']
    const assignment = assignUniformly([member('a', ['t'], had), member('b', ['t'])], new Map([['t', 4]]))
    expect([...(assignment.get('a') ?? [])]).toEqual(['t:0', 't:1'])
    expect([...(assignment.get('b') ?? [])].toSorted()).toEqual(['t:2', 't:3'])
  })

  it('passes on along a chain where members read different topics', () => {
    const members = [
      member('a', ['t'], ['t:0', 't:1', 't:2']),
      member('b', ['t', 'u'], ['u:0', 'u:1']),
      member('c', ['u']),
    ]
    const assignment = assignUniformly(
      members,
      new Map([
        ['t', 3],
        ['u', 2],
      ]),
    )
    expect(sizes(assignment)).toEqual([2, 2, 1])
  })

  it('leaves alone what nobody reads', () => {
    expect(sizes(assignUniformly([member('a', ['t'])], new Map([['u', 3]])))).toEqual([0])
    expect(assignUniformly([], new Map([['u', 3]]))).toEqual(new Map())
  })

  it('gives every partition to one reader, and nobody could have a fairer share by taking from somebody with two more', () => {
    fc.assert(
      fc.property(assignableGroup(), ({ members, counts }) => {
        const assignment = assignUniformly(members, counts)
        expect([...assignment.values()].flatMap((keys) => [...keys]).toSorted()).toEqual(
          readPartitions(members, counts),
        )
        for (const giver of members)
          for (const taker of members) {
            const had = [...(assignment.get(giver.id) ?? [])]
            const canTake = had.some((key) => taker.topicIds.has(key.split(':')[0] ?? ''))
            if (!canTake) continue
            expect(had.length - (assignment.get(taker.id)?.size ?? 0)).toBeLessThan(2)
          }
      }),
    )
  })

  it('is even where all read the same, and moves no more than that needs', () => {
    fc.assert(
      fc.property(assignableGroup({ sameTopics: true }), ({ members, counts }) => {
        const assignment = assignUniformly(members, counts)
        const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
        const share = Math.floor(total / members.length)
        const extras = total % members.length
        const had = members.map(({ target }) => target.size).toSorted((one, other) => other - one)
        const needed = had.reduce((sum, size, rank) => sum + Math.max(0, size - share - (rank < extras ? 1 : 0)), 0)
        expect(Math.max(...sizes(assignment)) - Math.min(...sizes(assignment))).toBeLessThan(2)
        expect(moves(members, assignment)).toBe(needed)
      }),
    )
  })
})
