import { fixed } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { hasty, OutageWorld } from './outage-world.ts'

describe('a dependency that flaps', () => {
  it('answering every second call costs at most as many dead letters as there were successes, and few with ten attempts', async () => {
    // A linear congruential generator: seeded, and the same everywhere.
    let seed = 7
    const coin = (): boolean => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed > 1_073_741_824
    }
    const world = new OutageWorld({
      onFailure: { inPlace: { attempts: 10, backoff: fixed(50) } },
      work: (_, { isUp }) => {
        if (!isUp || coin()) throw new Error('connect ECONNREFUSED')
      },
    })
    await world.publish(500, 10_000)
    world.isUp = false
    await world.publish(2_000, 60_000, 500)
    expect(world.deadLetters).toEqual([])
    world.isUp = true
    await world.publish(2_500, 60_000, 2_500)
    await world.settled(5_000)
    // Ten failures in a row of 5,000 records: 5 are to be expected by chance.
    expect(world.deadLetters.length).toBeLessThanOrEqual(15)
  }, 30_000)

  it('being there for a second in each minute gives up no more than was handled in that second', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    await world.publish(100, 2_000)
    world.isUp = false
    let handled = world.handledAt.size
    let letters = 0
    for (let minute = 0; minute < 5; minute += 1) {
      await world.publish(300, 59_000, 100 + minute * 300)
      world.isUp = true
      await world.clock.advance(1_000)
      world.isUp = false
      const gained = world.handledAt.size - handled
      handled = world.handledAt.size
      await world.clock.advance(30_000)
      expect(world.deadLetters.length - letters).toBeLessThanOrEqual(gained)
      letters = world.deadLetters.length
    }
    world.isUp = true
    await world.settled(1_600)
    expect(world.deadLetters.length).toBeLessThanOrEqual(5)
  }, 30_000)
})
