import { describeDriver } from '@tributary/testing/conformance'
import { harnessFor } from './harness.ts'

for (const [name, brokers] of [
  ['one node', process.env['TRIBUTARY_REAL_KAFKA']],
  ['three nodes', process.env['TRIBUTARY_REAL_KAFKA3']],
] as const) {
  describeDriver({
    name: `kafkajs on Apache Kafka, ${name}`,
    features: ['expire-member', 'truncate', 'notices-growth'],
    create: () => harnessFor(String(brokers).split(','), async () => {}),
  })
}
