import { describePublishSubscribe } from '@tributary/testing/conformance'
import { harnessFor } from './harness.ts'

for (const [name, brokers] of [
  ['one node', process.env['TRIBUTARY_REAL_KAFKA']],
  ['three nodes', process.env['TRIBUTARY_REAL_KAFKA3']],
] as const) {
  describePublishSubscribe({
    name: `kafkajs on Apache Kafka, ${name}`,
    create: () => harnessFor(String(brokers).split(','), async () => {}),
  })
}
