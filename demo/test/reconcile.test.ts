import { describe, expect, it } from 'vitest'
import { type Ledger, reconcile } from '../src/reconcile/reconcile.ts'

const order = {
  orderId: 'o1',
  customerId: 'c1',
  email: 'c1@shop.example',
  lines: [{ sku: 'MUG', description: 'Mug', quantity: 2, unitPrice: '7.50' }],
}
const poison = { what: 'noise', value: Buffer.from([1, 2, 3]), groups: ['inventory', 'email'] }

const balanced: Ledger = {
  accepted: [order],
  states: new Map([['o1', 'confirmed']]),
  stockBefore: [{ sku: 'MUG', quantity: 10 }],
  stockAfter: new Map([['MUG', 8]]),
  mails: [{ messageId: 'm1', orderId: 'o1', outcome: 'confirmed', receivedAtMs: 1 }],
  events: [
    { id: 'e1', type: 'order.placed', orderId: 'o1' },
    { id: 'e1', type: 'order.placed', orderId: 'o1' },
    { id: 'e2', type: 'order.confirmed', orderId: 'o1' },
  ],
  poison: [poison],
  deadLetters: poison.groups.map((group) => ({ group, reason: 'undecodable', value: poison.value, traceId: null })),
  lag: new Map([['inventory', 0n]]),
}

const broken = (change: Partial<Ledger>): string[] =>
  reconcile({ ...balanced, ...change })
    .filter(({ holds }) => !holds)
    .map(({ name }) => name)

describe('reconcile', () => {
  it('balances, also when an event lies on the log twice under one id', () => {
    expect(broken({})).toEqual([])
  })

  it('finds an order without an end state', () => {
    expect(broken({ states: new Map([['o1', 'pending']]) })).toContain(
      'every accepted order ended in exactly one state',
    )
  })

  it('finds a second outcome event of another id', () => {
    expect(broken({ events: [...balanced.events, { id: 'e3', type: 'order.rejected', orderId: 'o1' }] })).toEqual([
      'the log holds one placed and one outcome event for each order',
    ])
  })

  it('finds stock that was taken twice', () => {
    expect(broken({ stockAfter: new Map([['MUG', 6]]) })).toEqual([
      'stock before - confirmed orders = stock after, and never below zero',
    ])
  })

  it('finds a missing mail, and one that tells the other outcome', () => {
    const name = 'every outcome has exactly one mail that tells it'
    expect(broken({ mails: [] })).toEqual([name])
    expect(broken({ mails: [{ messageId: 'm1', orderId: 'o1', outcome: 'rejected', receivedAtMs: 1 }] })).toEqual([
      name,
    ])
  })

  it('finds a poison record whose bytes changed, and a dead letter that should not be', () => {
    const changed = balanced.deadLetters.map((letter) => ({ ...letter, value: Buffer.from([1, 2, 4]) }))
    expect(broken({ deadLetters: changed })).toEqual([
      'every poison record lies in the dead-letter topic of each group, byte for byte',
      'nothing else was dead-lettered',
    ])
  })

  it('finds a group that is behind', () => {
    expect(broken({ lag: new Map([['email', 3n]]) })).toEqual(['every group has settled and committed the whole log'])
  })
})
