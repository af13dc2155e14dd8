import { describe, expect, it } from 'vitest'
import {
  inventoryRejected,
  inventoryReserved,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  shopEvents,
  shopSubscriptions,
} from '../src/index.ts'

const about = { orderId: '10248', customerId: 'VINET', email: 'v@n.example', total: '266.0000' }

describe('the events of the shop', () => {
  it('are all of an order keyed by it, so that each topic tells its story in order', () => {
    expect(orderPlaced.key({ ...about, lines: [] })).toBe('10248')
    expect(orderConfirmed.key(about)).toBe('10248')
    expect(orderRejected.key({ ...about, reason: 'not in stock' })).toBe('10248')
    expect(inventoryReserved.key({ orderId: '10248', items: [] })).toBe('10248')
    expect(inventoryRejected.key({ orderId: '10248', shortages: [] })).toBe('10248')
  })

  it('lie on the topic of the service that publishes them', () => {
    const topics = shopEvents.map(({ type, topic }) => [type, topic])
    expect(Object.fromEntries(topics)).toEqual({
      'order.placed': 'orders',
      'order.confirmed': 'orders',
      'order.rejected': 'orders',
      'inventory.reserved': 'inventory',
      'inventory.rejected': 'inventory',
    })
  })

  it('are each read by somebody', () => {
    const read = shopSubscriptions.flatMap(({ on }) => on.map(({ event }) => event.type))
    expect(read.sort()).toEqual(shopEvents.map(({ type }) => type).sort())
  })
})
