import { describe, expect, it } from 'vitest'
import { laneOf } from './lane.ts'

describe('laneOf', () => {
  it('is the same for the same topic and key, and differs between topics and keys', () => {
    const lane = laneOf('orders', Buffer.from('10248'))
    expect(laneOf('orders', Buffer.from('10248'))).toBe(lane)
    expect(laneOf('orders', Buffer.from('10249'))).not.toBe(lane)
    expect(laneOf('order', Buffer.from('s10248'))).not.toBe(lane)
    expect(BigInt.asIntN(64, BigInt(lane))).toBe(BigInt(lane))
  })

  it('gives every row without a key a lane of its own', () => {
    expect(laneOf('orders', null)).not.toBe(laneOf('orders', null))
  })
})
