import { inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import { describeDriver } from '@tributary/testing/conformance'

describeDriver({
  name: 'in-memory',
  features: ['expire-member', 'truncate', 'remove-record', 'notices-growth'],
  create() {
    const cluster = inMemoryCluster()
    return {
      driver: () => inMemoryDriver({ cluster }),
      expireMember: (group, memberId) => cluster.expireMember(group, memberId),
      truncateBefore: ({ topic, partition }, offset) => cluster.truncateBefore(topic, partition, offset),
      removeRecord: ({ topic, partition }, offset) => cluster.removeRecord(topic, partition, offset),
      async close() {},
    }
  },
})
