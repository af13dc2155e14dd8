import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyLanes, type LaneMember, type Order } from './key-lanes.ts'

class Item implements LaneMember<Item> {
  laneKey: string | null = null
  follower: Item | null = null
  predecessor: Item | null = null
  readonly id: number
  readonly lane: string | null

  constructor(id: number, lane: string | null) {
    this.id = id
    this.lane = lane
  }
}

const keyOf = (lane: string | null): Buffer | null => (lane === null ? null : Buffer.from(lane))

/** Enters records of random keys and ends running ones in random order; answers the order in which each lane ran, and the most at a time. */
function play(order: Order, keys: (string | null)[], picks: number[]): { ran: Item[]; overlaps: number; left: number } {
  const lanes = new KeyLanes<Item>(order)
  const running: Item[] = []
  const ran: Item[] = []
  let overlaps = 0
  const start = (item: Item): void => {
    const sameLane = (other: Item): boolean =>
      order === 'partition' || (order === 'key' && item.lane !== null && other.lane === item.lane)
    if (running.some(sameLane)) overlaps += 1
    running.push(item)
    ran.push(item)
  }
  const end = (pick: number): void => {
    const [item] = running.splice(pick % running.length, 1)
    if (item === undefined) return
    const next = lanes.leave(item)
    if (next !== null) start(next)
  }
  for (const [id, lane] of keys.entries()) {
    const item = new Item(id, lane)
    if (lanes.enter(item, lanes.laneKeyOf(keyOf(lane)))) start(item)
    const pick = picks[id]
    if (pick !== undefined && running.length > 0) end(pick)
  }
  while (running.length > 0) end(picks[0] ?? 0)
  return { ran, overlaps, left: lanes.size }
}

const lane = fc.option(fc.constantFrom('a', 'b', 'c', 'd', ''), { nil: null })

describe('KeyLanes', () => {
  it('runs records of a key in ascending order, one at a time, and every record once (I2)', () => {
    fc.assert(
      fc.property(fc.array(lane, { maxLength: 80 }), fc.array(fc.nat(), { maxLength: 80 }), (keys, picks) => {
        const { ran, overlaps, left } = play('key', keys, picks)
        expect(overlaps).toBe(0)
        expect(left).toBe(0)
        expect(ran).toHaveLength(keys.length)
        for (const key of new Set(keys)) {
          if (key === null) continue
          const ids = ran.filter((item) => item.lane === key).map((item) => item.id)
          expect(ids).toEqual([...ids].sort((a, b) => a - b))
        }
      }),
    )
  })

  it('runs a whole partition one by one when order is by partition, records without a key too', () => {
    fc.assert(
      fc.property(fc.array(lane, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 40 }), (keys, picks) => {
        const { ran, overlaps } = play('partition', keys, picks)
        expect(overlaps).toBe(0)
        expect(ran.map((item) => item.id)).toEqual(keys.map((_, id) => id))
      }),
    )
  })

  it('lets everything run at once when there is no order', () => {
    const lanes = new KeyLanes<Item>('none')
    expect(lanes.enter(new Item(1, 'a'), lanes.laneKeyOf(keyOf('a')))).toBe(true)
    expect(lanes.enter(new Item(2, 'a'), lanes.laneKeyOf(keyOf('a')))).toBe(true)
    expect(lanes.size).toBe(0)
  })

  it('never blocks a record without a key', () => {
    const lanes = new KeyLanes<Item>('key')
    expect(lanes.enter(new Item(1, null), lanes.laneKeyOf(null))).toBe(true)
    expect(lanes.enter(new Item(2, null), lanes.laneKeyOf(null))).toBe(true)
  })

  it('tells keys apart that are no valid UTF-8 and would read as the same text', () => {
    const lanes = new KeyLanes<Item>('key')
    expect(lanes.enter(new Item(1, null), lanes.laneKeyOf(Buffer.from([0xff])))).toBe(true)
    expect(lanes.enter(new Item(2, null), lanes.laneKeyOf(Buffer.from([0xfe])))).toBe(true)
    expect(lanes.enter(new Item(3, null), lanes.laneKeyOf(Buffer.from([0xff])))).toBe(false)
  })

  it('keeps a lane closed that a record of an earlier epoch still occupies', () => {
    const before = new KeyLanes<Item>('key')
    const zombie = new Item(1, 'a')
    before.enter(zombie, before.laneKeyOf(keyOf('a')))
    before.enter(new Item(2, 'a'), before.laneKeyOf(keyOf('a')))

    const now = new KeyLanes<Item>('key')
    now.occupy(zombie)
    const again = new Item(3, 'a')
    expect(now.enter(again, now.laneKeyOf(keyOf('a')))).toBe(false)
    expect(now.enter(new Item(4, 'b'), now.laneKeyOf(keyOf('b')))).toBe(true)
    expect(now.leave(zombie)).toBe(again)
  })

  it('gives a record without a key no lane, though it is of an earlier epoch or others are cut off behind it', () => {
    const lanes = new KeyLanes<Item>('key')
    const item = new Item(1, null)
    lanes.occupy(item)
    expect(lanes.cutBehind(item)).toEqual([])
    expect(lanes.leave(item)).toBeNull()
    expect(lanes.size).toBe(0)
  })

  it('keeps a lane in which others are, when one leaves that occupies a lane of a later epoch by now', () => {
    const before = new KeyLanes<Item>('key')
    const [zombie, waiting] = [new Item(1, 'a'), new Item(2, 'a')]
    before.enter(zombie, 'a')
    before.enter(waiting, 'a')
    new KeyLanes<Item>('key').occupy(zombie)
    expect(before.leave(zombie)).toBeNull()
    expect(before.isEmpty('a')).toBe(false)
  })

  it('knows a record that is alone in all lanes, and keeps its lane closed when others come', () => {
    const lanes = new KeyLanes<Item>('key')
    const [alone, beside] = [new Item(1, 'a'), new Item(2, 'b')]
    expect(lanes.enter(alone, 'a')).toBe(true)
    expect([lanes.size, lanes.isEmpty('a'), lanes.isEmpty('b')]).toEqual([1, false, true])
    expect(lanes.enter(beside, 'b')).toBe(true)
    expect([lanes.size, lanes.isEmpty('a'), lanes.isEmpty('b')]).toEqual([2, false, false])
    const follower = new Item(4, 'a')
    expect(lanes.enter(follower, 'a')).toBe(false)
    expect(lanes.leave(alone)).toBe(follower)
    expect([lanes.leave(follower), lanes.leave(beside), lanes.size]).toEqual([null, null, 0])
  })

  it('keeps the lane of a record that is alone closed when one of an earlier epoch occupies another', () => {
    const lanes = new KeyLanes<Item>('key')
    const [alone, zombie] = [new Item(1, 'a'), new Item(2, 'b')]
    zombie.laneKey = 'b'
    lanes.enter(alone, 'a')
    lanes.occupy(zombie)
    expect([lanes.size, lanes.isEmpty('a'), lanes.isEmpty('b')]).toEqual([2, false, false])
    expect(lanes.enter(new Item(3, 'a'), 'a')).toBe(false)
    expect(lanes.enter(new Item(4, 'b'), 'b')).toBe(false)
  })

  it('names who holds up others, and lets go of all who wait for it', () => {
    const lanes = new KeyLanes<Item>('key')
    const enter = (id: number, key: string): Item => {
      const item = new Item(id, key)
      lanes.enter(item, lanes.laneKeyOf(keyOf(key)))
      return item
    }
    const [first, second, third] = [enter(1, 'a'), enter(2, 'a'), enter(3, 'a')]
    enter(4, 'b')
    expect([...lanes.heldUp()]).toEqual([first])
    expect(lanes.leave(first)).toBe(second)
    expect(lanes.cutBehind(second)).toEqual([third])
    expect([...lanes.heldUp()]).toEqual([])
    const fifth = enter(5, 'a')
    expect(lanes.leave(second)).toBe(fifth)
    expect(lanes.leave(fifth)).toBeNull()
    expect(lanes.isEmpty('a')).toBe(true)
    expect(lanes.isEmpty('b')).toBe(false)
  })
})
