import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { describePublishSubscribe } from '@tributary/testing/conformance'
import { harnessFor } from './harness.ts'

for (const brokers of [1, 3]) {
  describePublishSubscribe({
    name: `kafkajs on the embedded broker, ${brokers === 1 ? 'one node' : 'three nodes'}`,
    async create() {
      const kafka = await startEmbeddedKafka({ brokers })
      return harnessFor(kafka.bootstrapServers, () => kafka.close())
    },
  })
}
