/** `onFailure.classify` through the whole engine: what each treatment does to the record, to its key, and to what is known of others. */
import { deadLetterTopic, type FailurePolicy, fixed, headerText, provenanceHeaderNames } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { OutageWorld } from './outage-world.ts'

class OutOfStock extends Error {}
class SoldOut extends OutOfStock {}

const policy = {
  inPlace: { attempts: 3, backoff: fixed(50) },
  classify: [
    { match: '23505', as: 'reject' },
    { match: OutOfStock, as: 'skip' },
    { match: (thrown) => (thrown as { isPending?: boolean }).isPending === true, as: 'hold' },
  ],
} satisfies FailurePolicy

const duplicateRow = (): Error =>
  new Error('cannot reserve', { cause: Object.assign(new Error('duplicate key value'), { code: '23505' }) })
const pending = (): Error => Object.assign(new Error('the payment is pending'), { isPending: true })

/** A world in which some of the events fail each time; `errors` may be changed as it goes. */
function failing(errors: Map<number, () => unknown>, onFailure: FailurePolicy = policy) {
  const attempts = new Map<number, number>()
  const world = new OutageWorld({
    onFailure,
    work: (n) => {
      attempts.set(n, (attempts.get(n) ?? 0) + 1)
      const error = errors.get(n)
      if (error !== undefined) throw error()
    },
  })
  return { world, attempts }
}

function reasons(world: OutageWorld): (string | null)[] {
  return world.cluster
    .log(deadLetterTopic('orders', 'inventory'), 0)
    .map(({ headers }) => headerText(headers, provenanceHeaderNames.reason))
}

describe('an error that is classified as', () => {
  it('`reject`, here by the code of its cause, is given up at once, also where nothing else was handled', async () => {
    const { world, attempts } = failing(new Map([[0, duplicateRow]]))
    await world.publish(1, 1_000)
    expect(attempts).toEqual(new Map([[0, 1]]))
    expect(world.deadLetters).toEqual([0])
    expect(reasons(world)).toEqual(['rejected'])
    expect(world.subscription.health().outages).toEqual([])
  })

  it('`skip`, here by a class that it is derived from, is settled after one attempt, with no dead letter', async () => {
    const { world, attempts } = failing(new Map([[3, () => new SoldOut('the last one is gone')]]))
    await world.publish(10, 1_000)
    expect(attempts.get(3)).toBe(1)
    expect(world.handledAt.size).toBe(9)
    expect(world.deadLetters).toEqual([])
    const committed = world.cluster.committed('inventory').reduce((sum, { nextOffset }) => sum + nextOffset, 0n)
    expect(committed).toBe(10n)
  })

  it('`hold`, here by a predicate, is tried until it succeeds, beyond attempts, age and `maxHoldMs`; others pass', async () => {
    const errors = new Map([[3, pending]])
    const { world, attempts } = failing(errors, { ...policy, maxAgeMs: 1_000, outage: { maxHoldMs: 2_000 } })
    await world.publish(200, 10_000)
    expect(world.handledAt.size).toBe(199)
    expect(attempts.get(3)).toBeGreaterThan(50)
    expect(world.subscription.health()).toMatchObject({
      outages: [],
      degraded: [{ key: 'order-3', reason: 'held: Error: the payment is pending' }],
    })
    errors.clear()
    await world.clock.advance(100)
    expect(world.handledAt.has(3)).toBe(true)
    expect(world.deadLetters).toEqual([])
  })

  it('nothing is retried as ever, also where a predicate throws; the rules after that one are asked', async () => {
    const brokenRule = {
      match: () => {
        throw new Error('a mistake in the predicate')
      },
      as: 'skip',
    } as const
    const errors = new Map<number, () => unknown>([
      [3, () => new Error('no such product')],
      [5, duplicateRow],
    ])
    const { world, attempts } = failing(errors, { ...policy, classify: [brokenRule, ...policy.classify] })
    await world.publish(100, 5_000)
    expect([attempts.get(3), attempts.get(5)]).toEqual([3, 1])
    expect(world.deadLetters).toEqual([5, 3])
    expect(reasons(world)).toEqual(['rejected', 'attempts-exhausted'])
  })
})

describe('in an outage', () => {
  it('rejected and skipped errors prove nothing of others: it goes on, holds what else fails, and ends with a success', async () => {
    const away = (): Error => new Error('connect ECONNREFUSED')
    const errors = new Map<number, () => unknown>()
    for (let n = 20; n < 40; n += 1)
      errors.set(n, n % 10 === 1 ? duplicateRow : n % 10 === 2 ? () => new SoldOut() : away)
    const { world } = failing(errors)
    await world.publish(20, 1_000)
    await world.publish(20, 1_000, 20)
    await world.clock.advance(60_000)
    const rejected = [21, 31]
    expect(world.deadLetters.toSorted()).toEqual(rejected)
    expect(world.subscription.health().outages).toMatchObject([{ reason: 'outage', held: 16 }])
    for (const [n, error] of errors) if (error === away) errors.delete(n)
    await world.clock.advance(30_000)
    expect(world.handledAt.size).toBe(36)
    expect(world.deadLetters.toSorted()).toEqual(rejected)
    expect(world.subscription.health().outages).toEqual([])
  })
})
