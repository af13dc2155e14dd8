import { describe, expect, it } from 'vitest'
import { derivedEventId, newEventId } from './event-id.ts'

const UUID = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

// Later than any other test's clock, so that the ids of this file begin anew.
let now = Date.parse('2090-01-01')

describe('a new event id', () => {
  it('is a UUID of version 7 that begins with the time', () => {
    now += 10
    const id = newEventId(now)
    expect(id).toMatch(UUID(7))
    expect(timeOf(id)).toBe(now)
  })

  it('is new and greater than the ones before, also within a millisecond and beyond its sequence', () => {
    now += 10
    const ids = Array.from({ length: 20_000 }, () => newEventId(now))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.toSorted()).toEqual(ids)
    expect(timeOf(ids.at(-1) ?? '') - now).toBeLessThan(10)
  })

  it('keeps its order when the clock goes back a little, and follows a clock that goes back far', () => {
    now += 100
    const before = newEventId(now)
    const after = newEventId(now - 50)
    expect(after > before).toBe(true)
    const reset = newEventId(now - 3_600_000)
    expect(timeOf(reset)).toBe(now - 3_600_000)
  })
})

describe('a derived event id', () => {
  const origin = {
    parentId: '01890000-0000-7000-8000-000000000001',
    group: 'inventory',
    type: 'inventory.reserved',
    ordinal: 0,
  }

  it('is a UUID of version 5, the same each time', () => {
    expect(derivedEventId(origin)).toMatch(UUID(5))
    expect(derivedEventId(origin)).toBe(derivedEventId({ ...origin }))
  })

  it('stays the same across releases: inboxes hold it', () => {
    expect(derivedEventId(origin)).toBe('a8f94aed-a340-5c84-843d-5ed2c4fdaef4')
  })

  it.each([
    ['parent', { parentId: 'x' }],
    ['group', { group: 'email' }],
    ['type', { type: 'inventory.rejected' }],
    ['ordinal', { ordinal: 1 }],
  ])('is another for another %s', (_, change) => {
    expect(derivedEventId({ ...origin, ...change })).not.toBe(derivedEventId(origin))
  })

  it('does not mix up where one part ends and the next begins', () => {
    expect(derivedEventId({ ...origin, group: 'a', type: 'bc' })).not.toBe(
      derivedEventId({ ...origin, group: 'ab', type: 'c' }),
    )
  })
})
