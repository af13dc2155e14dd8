import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignableGroup, readPartitions } from '../../../test/support/assignable-group.ts'
import { assignByRange } from './range-assignor.ts'

const reader = (id: string, target: string[] = []) => ({
  id,
  topicIds: new Set(['t', 'u']),
  target: new Set(target),
})

describe('the range assignor', () => {
  it('gives neighbours to one member, and of each topic the same', () => {
    const assignment = assignByRange(
      [reader('a'), reader('b')],
      new Map([
        ['t', 3],
        ['u', 3],
      ]),
    )
    expect([...(assignment.get('a') ?? [])]).toEqual(['t:0', 't:1', 'u:0', 'u:1'])
    expect([...(assignment.get('b') ?? [])]).toEqual(['t:2', 'u:2'])
  })

  it('leaves to members what they had, as far as their share goes', () => {
    const assignment = assignByRange([reader('new'), reader('old', ['t:0', 't:1', 't:2'])], new Map([['t', 3]]))
    expect([...(assignment.get('old') ?? [])]).toEqual(['t:0', 't:1'])
    expect([...(assignment.get('new') ?? [])]).toEqual(['t:2'])
  })

  it('gives every partition to one reader, and of each topic no reader two more than another', () => {
    fc.assert(
      fc.property(assignableGroup(), ({ members, counts }) => {
        const assignment = assignByRange(members, counts)
        expect([...assignment.values()].flatMap((keys) => [...keys]).toSorted()).toEqual(
          readPartitions(members, counts),
        )
        for (const topicId of counts.keys()) {
          const shares = members
            .filter(({ topicIds }) => topicIds.has(topicId))
            .map(({ id }) => [...(assignment.get(id) ?? [])].filter((key) => key.startsWith(`${topicId}:`)).length)
          if (shares.length > 0) expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2)
        }
      }),
    )
  })
})
