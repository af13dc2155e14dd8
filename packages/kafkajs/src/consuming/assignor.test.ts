import type { TopicPartition } from '@tributary/event-bus'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignSticky, type Member, withholdClaimed } from './assignor.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './group-protocol.ts'

const topicNames = ['orders', 'stock', 'mail'] as const
const counts: Record<string, number> = { orders: 6, stock: 3, mail: 4 }
const countOf = (topic: string): number => counts[topic] ?? 0
const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

function member(
  memberId: string,
  topics: readonly string[],
  owned: readonly TopicPartition[] = [],
  generation = 1,
): Member {
  return { memberId, topics, owned, generation }
}

const anyOwned = fc.array(fc.record({ topic: fc.constantFrom(...topicNames, 'deleted'), partition: fc.nat(7) }), {
  maxLength: 8,
})
const anyMembers = fc
  .array(
    fc.record({ topics: fc.subarray([...topicNames], { minLength: 1 }), owned: anyOwned, generation: fc.nat(3) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((all) => all.map((each, index): Member => ({ ...each, memberId: `m${index}` })))

describe('the sticky assignment', () => {
  it('gives every partition to exactly one member that reads its topic, whatever members claim', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const assignment = assignSticky(members, countOf)
        const given = [...assignment.values()].flat().map(keyOf)
        const read = new Set(members.flatMap((each) => each.topics))
        const expected = [...read].flatMap((topic) =>
          Array.from({ length: countOf(topic) }, (_, partition) => keyOf({ topic, partition })),
        )
        expect(given.toSorted()).toEqual(expected.toSorted())
        for (const each of members) {
          for (const { topic } of assignment.get(each.memberId) ?? []) expect(each.topics).toContain(topic)
        }
      }),
    )
  })

  it('leaves no member two partitions behind one that could give it one', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const assignment = assignSticky(members, countOf)
        for (const giver of members) {
          const mine = assignment.get(giver.memberId) ?? []
          for (const taker of members) {
            const canTake = mine.some(({ topic }) => taker.topics.includes(topic))
            if (canTake) expect(mine.length - (assignment.get(taker.memberId) ?? []).length).toBeLessThanOrEqual(1)
          }
        }
      }),
    )
  })

  it('does not depend on the order in which members are listed', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        expect(assignSticky(members.toReversed(), countOf)).toEqual(assignSticky(members, countOf))
      }),
    )
  })

  it('moves no more partitions than a member that comes or goes makes necessary', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (steps) => {
        let ids = ['m0']
        let current = assignSticky([member('m0', topicNames)], countOf)
        for (const [step, joins] of steps.entries()) {
          ids = joins || ids.length === 1 ? [...ids, `m${step + 1}`] : ids.slice(1)
          const members = ids.map((id) => member(id, topicNames, current.get(id) ?? [], step))
          const next = assignSticky(members, countOf)
          const [low, high] = [Math.floor(13 / ids.length), Math.ceil(13 / ids.length)]
          const kept = ids.map(
            (id) =>
              (next.get(id) ?? []).filter((each) => (current.get(id) ?? []).some((had) => keyOf(had) === keyOf(each)))
                .length,
          )
          for (const [index, id] of ids.entries()) {
            expect(kept[index]).toBeGreaterThanOrEqual(Math.min((current.get(id) ?? []).length, low))
            expect((next.get(id) ?? []).length).toBeLessThanOrEqual(high)
          }
          // Members may keep one more than the lower bound, as many of them as there are partitions left over.
          const surplus = 13 - low * ids.length
          const wanting = ids.filter((id) => (current.get(id) ?? []).length > low).length
          const necessary =
            ids.reduce((sum, id) => sum + Math.min((current.get(id) ?? []).length, low), 0) + Math.min(surplus, wanting)
          expect(kept.reduce((sum, each) => sum + each, 0)).toBe(necessary)
          current = next
        }
      }),
      { numRuns: 60 },
    )
  })

  // Of a group's topics most are idle: what counts is that the busy one is spread as well, not only the sum.
  it('spreads each topic, and not only their sum, when a member joins, and gives nothing to those that were there', () => {
    for (const ids of [
      ['m0', 'm1', 'm2'],
      ['m2', 'm0', 'm1'],
      ['m1', 'm2', 'm0'],
    ]) {
      const names = ['redrive', 'orders']
      let current = new Map<string, TopicPartition[]>()
      for (let size = 1; size <= ids.length; size += 1) {
        const members = ids.slice(0, size).map((id) => member(id, names, current.get(id) ?? [], size))
        current = assignSticky(members, () => 6)
        for (const { memberId, owned } of members.slice(0, -1))
          expect(owned).toEqual(expect.arrayContaining(current.get(memberId) ?? []))
        for (const topic of names) {
          const sizes = [...current.values()].map((mine) => mine.filter((each) => each.topic === topic).length)
          expect(sizes).toEqual(members.map(() => 6 / size))
        }
      }
    }
  })

  it('keeps each topic within two partitions of even, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), (steps) => {
        const names = ['redrive', 'orders']
        let current = new Map<string, TopicPartition[]>()
        let ids: string[] = []
        for (const [step, which] of steps.entries()) {
          ids = which < ids.length && ids.length > 1 ? ids.toSpliced(which, 1) : [...ids, `m${(step * 7) % 31}`]
          const members = ids.map((id) => member(id, names, current.get(id) ?? [], step))
          current = assignSticky(members, () => 12)
          for (const topic of names) {
            const sizes = [...current.values()].map((mine) => mine.filter((each) => each.topic === topic).length)
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('believes the claim of the later generation', () => {
    const claimed = [{ topic: 'stock', partition: 1 }]
    const assignment = assignSticky(
      [member('stale', ['stock'], claimed, 3), member('current', ['stock'], claimed, 4)],
      countOf,
    )
    expect(assignment.get('current')).toContainEqual(claimed[0])
  })
})

describe('handing over', () => {
  it('gives nobody a partition that another member still claims', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const handedOut = withholdClaimed(assignSticky(members, countOf), members)
        for (const [memberId, partitions] of handedOut) {
          for (const partition of partitions) {
            const others = members.filter(
              (each) => each.memberId !== memberId && each.owned.some((had) => keyOf(had) === keyOf(partition)),
            )
            expect(others).toEqual([])
          }
        }
      }),
    )
  })

  it('comes to rest: once owners have given up what they shall, everything is handed out', () => {
    fc.assert(
      fc.property(anyMembers, (start) => {
        let members = start
        for (let round = 0; round < 3; round++) {
          const handedOut = withholdClaimed(assignSticky(members, countOf), members)
          members = members.map((each) => ({
            ...each,
            owned: handedOut.get(each.memberId) ?? [],
            generation: 10 + round,
          }))
        }
        const owned = members.flatMap((each) => each.owned)
        const read = new Set(members.flatMap((each) => each.topics))
        expect(owned.length).toBe([...read].reduce((sum, topic) => sum + countOf(topic), 0))
      }),
    )
  })
})

describe('the group protocol', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(anyOwned, fc.integer({ min: -1, max: 1000 }), (owned, generation) => {
        const subscription = decodeSubscription(encodeSubscription({ topics: topicNames, owned, generation }))
        expect(subscription).toMatchObject({ topics: topicNames, generation })
        expect(subscription.owned.map(keyOf).toSorted()).toEqual(owned.map(keyOf).toSorted())
        expect(decodeAssignment(encodeAssignment(owned)).map(keyOf).toSorted()).toEqual(owned.map(keyOf).toSorted())
      }),
    )
  })

  it('reads a member that says nothing about what it owns, and an empty assignment', () => {
    const versionZero = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0x61, 0xff, 0xff, 0xff, 0xff])
    expect(decodeSubscription(versionZero)).toEqual({ topics: ['a'], owned: [], generation: -1 })
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })
})
