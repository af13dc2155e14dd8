import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { describeDriver } from '@tributary/testing/conformance'
import { harnessFor } from './harness.ts'

for (const brokers of [1, 3]) {
  describeDriver({
    name: `kafkajs on the embedded broker, ${brokers === 1 ? 'one node' : 'three nodes'}`,
    features: ['expire-member', 'truncate', 'notices-growth'],
    async create() {
      const kafka = await startEmbeddedKafka({ brokers })
      return harnessFor(kafka.bootstrapServers, () => kafka.close())
    },
  })
}
