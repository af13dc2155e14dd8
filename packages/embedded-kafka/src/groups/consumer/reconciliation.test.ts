import fc from 'fast-check'
import { expect, it } from 'vitest'
import { consumerGroup, GroupClient, sessionTimeoutMs } from '../../../test/support/consumer-group.ts'

const clientCount = 4

/** What members do. A quiet heartbeat does not say what the member owns; the answer to one in vain is lost. */
const does = fc.constantFrom('join', 'join', 'beat', 'beat', 'beatQuietly', 'beatInVain', 'adopt', 'go', 'leave', 'die')
const action = fc.record({ who: fc.nat({ max: clientCount - 1 }), does })
const growth = fc.record({ grow: fc.integer({ min: 1, max: 4 }) })
const pause = fc.record({ waitMs: fc.integer({ min: 1, max: 20_000 }) })
type Happening = { who: number; does: string } | { grow: number } | { waitMs: number }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { arbitrary: action, weight: 12 },
  { arbitrary: growth, weight: 1 },
  { arbitrary: pause, weight: 2 },
)

function world() {
  const { group, clock, topics } = consumerGroup({ t: 4 })
  const clients = Array.from({ length: clientCount }, (_, index) => new GroupClient(group, `c${index}`))
  /** Those who believe that they are in the group. */
  const living = new Set<GroupClient>()
  const isMember = (client: GroupClient): boolean => living.has(client) && group.get(client.id) !== undefined

  const act = (client: GroupClient, what: string): void => {
    if (what === 'join') {
      client.join()
      living.add(client)
    } else if (!living.has(client)) return
    else if (what === 'beat') client.beat()
    else if (what === 'beatQuietly') client.beat({ owned: null })
    // Whoever was thrown out hears of it at the next heartbeat that is answered, and does nothing more until then.
    else if (!isMember(client)) return
    else if (what === 'adopt') client.adopt()
    else if (what === 'beatInVain') client.beatInVain()
    else if (what === 'go') client.go()
    else {
      if (what === 'leave') client.leave()
      living.delete(client)
    }
  }
  const happen = async (event: Happening): Promise<void> => {
    if ('grow' in event) topics.set('t', (topics.counts.get('t') ?? 0) + event.grow)
    else if ('waitMs' in event) await clock.advance(event.waitMs)
    else act(clients[event.who] as GroupClient, event.does)
  }
  const owned = (): string[] => clients.filter(isMember).flatMap((client) => [...client.owned])
  return { group, clock, topics, living, happen, owned }
}

it('never lets two members have one partition, and gives every partition to somebody when things calm down', async () => {
  let mostMembers = 0
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 20, maxLength: 80 }), async (happenings) => {
      const { group, clock, topics, living, happen, owned } = world()
      for (const event of happenings) {
        await happen(event)
        mostMembers = Math.max(mostMembers, group.members.length)
        const held = owned()
        expect(new Set(held).size).toBe(held.length)
      }

      // Whoever is silent expires; the others go on until there is nothing left to do.
      for (let round = 0; round < 12; round++) {
        await clock.advance(sessionTimeoutMs / 3)
        for (const client of living) client.go()
      }
      expect(group.members.map(({ id }) => id).toSorted()).toEqual([...living].map(({ id }) => id).toSorted())
      if (living.size === 0) return
      const shares = [...living].map((client) => client.owned.size)
      expect(owned().length).toBe(topics.counts.get('t'))
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2)
      expect(group.state).toBe('Stable')
    }),
    { numRuns: 400 },
  )
  expect(mostMembers).toBe(clientCount)
})
