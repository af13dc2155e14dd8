import { describe, expect, it } from 'vitest'
import { defineEvent } from '../../events/define-event.ts'
import { exponential } from '../../failing/backoff.ts'
import { handle } from './handler.ts'
import { defineSubscription } from './subscription-definition.ts'

const schema = { type: 'record', name: 'OrderPlaced', fields: [{ name: 'orderId', type: 'string' }] } as const
const orderPlaced = defineEvent({ type: 'order.placed', topic: 'orders', key: (order) => order.orderId, schema })
const orderShipped = defineEvent({ type: 'order.shipped', topic: 'orders', key: (order) => order.orderId, schema })

describe('defineSubscription', () => {
  it('is a value with every default filled in', () => {
    const definition = defineSubscription({
      group: 'inventory',
      on: [handle(orderPlaced, () => {}), handle(orderShipped, () => {})],
    })
    expect(definition).toMatchObject({
      group: 'inventory',
      topics: ['orders'],
      concurrency: 100,
      order: 'key',
      onFailure: { attempts: 10, maxAgeMs: 3_600_000, afterwards: 'dead-letter', deadLetterImpossible: 'hold' },
      attempt: { deadlineMs: 60_000, abandonAfterMs: 60_000, maxAbandoned: 100 },
      unknownTypes: 'skip',
      startFrom: 'earliest',
    })
    expect(Object.isFrozen(definition)).toBe(true)
  })

  it('lists every fault at once', () => {
    const define = (): unknown =>
      defineSubscription({
        group: 'in ventory',
        on: [handle(orderPlaced, () => {}), handle(orderPlaced, () => {})],
        concurrency: 0,
        drainMs: 55_000,
        attempt: { deadlineMs: 0 },
        session: { heartbeatIntervalMs: 20_000 },
        onFailure: { inPlace: { attempts: 1.5, backoff: exponential({ initialMs: 10, maxMs: 1 }) } },
      })
    expect(define).toThrow(expect.objectContaining({ code: 'SUBSCRIPTION_INVALID' }))
    for (const fault of [
      'group must be',
      "two handlers for 'order.placed'",
      'concurrency must be a whole number',
      'attempt.deadlineMs must be more than 0',
      'drainMs (55000) and a commit (10000) must fit into session.rebalanceTimeoutMs (60000)',
      'session.heartbeatIntervalMs (20000) must be at most a third',
      'onFailure.inPlace.attempts',
      'onFailure.inPlace.backoff: maxMs (1) is less than initialMs (10)',
    ]) {
      expect(define).toThrow(fault)
    }
  })

  it('needs a handler', () => {
    expect(() => defineSubscription({ group: 'inventory', on: [] })).toThrow('no handler given')
  })
})
