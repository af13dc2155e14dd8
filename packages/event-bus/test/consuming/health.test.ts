import { expect, it } from 'vitest'
import { ClusterUnavailableError } from '../../src/errors.ts'
import { rig } from './rig.ts'

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
