import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssignableMember, assignPartitions, partitionId } from './assignment.ts'

const TOPICS = ['orders', 'payments', 'orders.redrive']

const memberSteps = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 5 }), topics: fc.subarray(TOPICS, { minLength: 1 }) }),
  { minLength: 1, maxLength: 12 },
)
const partitionCounts = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
)

describe('assignment', () => {
  it('keeps every partition with one subscriber, balanced within a topic, over any history of joins and leaves', () => {
    fc.assert(
      fc.property(memberSteps, partitionCounts, (steps, counts) => {
        const partitionCount = (topic: string): number => counts[TOPICS.indexOf(topic)] ?? 0
        let members: AssignableMember[] = []
        for (const { id, topics } of steps) {
          // A known member leaves, an unknown one joins.
          const others = members.filter((member) => member.id !== `m${id}`)
          members = others.length < members.length ? others : [...members, { id: `m${id}`, topics, owned: [] }]
          const target = assignPartitions(members, partitionCount)
          members = members.map((member) => ({ ...member, owned: target.get(member.id) ?? [] }))

          for (const topic of TOPICS) {
            const subscribers = members.filter((member) => member.topics.includes(topic))
            const shares = subscribers.map(({ owned }) => owned.filter((owned) => owned.topic === topic).length)
            if (subscribers.length > 0) {
              expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitionCount(topic))
              expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
            }
          }
          const all = members.flatMap(({ owned }) => owned.map(partitionId))
          expect(new Set(all).size).toBe(all.length)
          expect(members.every(({ topics, owned }) => owned.every(({ topic }) => topics.includes(topic)))).toBe(true)
        }
      }),
    )
  })

  it('moves only what balance needs when a member joins', () => {
    const owned = Array.from({ length: 6 }, (_, partition) => ({ topic: 'orders', partition }))
    const members = [
      { id: 'a', topics: ['orders'], owned },
      { id: 'b', topics: ['orders'], owned: [] },
    ]
    const target = assignPartitions(members, () => 6)
    expect(target.get('a')).toEqual(owned.slice(0, 3))
    expect(target.get('b')).toHaveLength(3)
  })
})
