import { expect, it } from 'vitest'
import { ClusterUnavailableError } from '../../src/errors.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, rig } from './rig.ts'

it('tells by code and message what keeps the driver from consuming, and nothing once that is over', () => {
  const { driver, subscription } = rig(() => {})
  expect(subscription.health()).toMatchObject({ state: 'stable', lastError: null })
  driver.state = 'disconnected'
  driver.lastError = new ClusterUnavailableError('connect ECONNREFUSED 127.0.0.1:9092')
  expect(subscription.health()).toMatchObject({
    live: true,
    ready: false,
    state: 'disconnected',
    lastError: 'CLUSTER_UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:9092',
  })
  driver.lastError = new RangeError('of a driver without codes')
  expect(subscription.health().lastError).toBe('RangeError: of a driver without codes')
  driver.state = 'stable'
  driver.lastError = null
  expect(subscription.health().lastError).toBeNull()
})

it('names the record that keeps a commit back for the longest time, and what it does, though nothing has failed', async () => {
  const { driver, clock, subscription } = rig(
    (event, ctx) => {
      if (event.key === 'long') return new Promise(() => void ctx.extend(3_600_000))
      if (event.key === 'failing' && ctx.attempt === 1) throw new Error('no')
      return clock.sleep(100)
    },
    {
      concurrency: 3,
      attempt: { deadlineMs: 1_000, abandonAfterMs: 10_000 },
      onFailure: { inPlace: { attempts: 2, backoff: fixed(60_000) } },
    },
  )
  expect(subscription.health().oldestUnsettled).toBeNull()
  const [one, other] = [await driver.assign(0), await driver.assign(1)]
  other.deliver([order('quick', 1), order('failing', 2)])
  await clock.advance(10)
  one.deliver([order('long', 3), order('b', 4)])
  expect(subscription.health().oldestUnsettled).toMatchObject({ partition: 1, key: 'quick', reason: 'running for 0 s' })
  await clock.advance(2_000)
  expect(subscription.health().oldestUnsettled).toEqual({
    topic: 'orders',
    partition: 1,
    recordOffset: 1n,
    key: 'failing',
    ageMs: 2_010,
    reason: 'waits for its next attempt; 1 have failed',
  })
  await clock.advance(600_000)
  expect(subscription.health().oldestUnsettled).toMatchObject({
    partition: 0,
    recordOffset: 0n,
    key: 'long',
    ageMs: 602_000,
    reason: 'running for 602 s',
  })
  expect(subscription.health().degraded).toEqual([])
})

it('says of the oldest record that it is aborted, or that nothing of it has begun', async () => {
  const { driver, clock, subscription } = rig(() => new Promise(() => {}), {
    attempt: { deadlineMs: 1_000, abandonAfterMs: 10_000 },
    concurrency: 1,
  })
  const [one, other] = [await driver.assign(0), await driver.assign(1)]
  one.deliver([order('deaf', 1)])
  await clock.advance(2_000)
  other.deliver([order('b', 2)])
  expect(subscription.health().oldestUnsettled?.reason).toBe('running for 2 s: aborted, and its handler has not ended')
  one.lose()
  expect(subscription.health().oldestUnsettled).toMatchObject({ partition: 1, key: null, reason: 'waits for its turn' })
  subscription.pause()
  expect(subscription.health().oldestUnsettled?.reason).toBe('the subscription is paused')
})
