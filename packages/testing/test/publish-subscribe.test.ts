import { inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import { describePublishSubscribe } from '@tributary/testing/conformance'

describePublishSubscribe({
  name: 'in-memory',
  create() {
    const cluster = inMemoryCluster()
    return { driver: () => inMemoryDriver({ cluster }), async close() {} }
  },
})
