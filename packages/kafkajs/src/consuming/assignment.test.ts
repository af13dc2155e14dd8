import { type GroupListener, silentLogger } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { settingsFrom } from '../settings.ts'
import { Cluster } from '../wire/cluster.ts'
import { Assignment } from './assignment.ts'
import { GroupClient } from './group-client.ts'
import { Ownership } from './ownership.ts'

const options = {
  group: 'group',
  topics: ['orders'],
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 1_000,
  rebalanceTimeoutMs: 6_000,
  drainMs: 1_000,
  maxWaitMs: 500,
  maxBytes: 1_000,
  maxBytesPerPartition: 1_000,
}

describe('an assignment', () => {
  // The fetch is out of range, and waits a moment before it starts over; in that moment the partition is taken away. A new epoch now would be announced
  // beside the drain of the old one, refuse the commit that ends it, and claim a partition that the group has given to somebody else.
  it('starts no partition over that is being handed over', async () => {
    const cluster = new Cluster(settingsFrom({ brokers: ['127.0.0.1:1'] }), 'test')
    const ownership = new Ownership()
    const closing = new AbortController()
    const drained = Promise.withResolvers<void>()
    const listener: GroupListener = {
      onAssigned: async () => [],
      onRevoking: () => drained.promise,
      onLost: () => {},
      onChunk: () => {},
      onFailed: () => {},
    }
    const assignment = new Assignment(
      {
        cluster,
        client: new GroupClient(cluster, options),
        ownership,
        listener,
        options,
        logger: silentLogger,
        isInContact: () => true,
        onStarted: () => {},
        onFailed: () => {},
      },
      closing.signal,
    )
    const owned = ownership.gain({ topic: 'orders', partition: 0 })
    owned.isAnnounced = true
    const adopting = assignment.adopt([], closing.signal)
    assignment.startOver(owned)
    expect(ownership.isCurrent(owned)).toBe(true)
    drained.resolve()
    await adopting
    expect(ownership.all()).toEqual([])
    closing.abort()
  })
})
