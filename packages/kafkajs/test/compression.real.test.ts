/** A real broker decompresses what an idempotent producer sends and refuses what it cannot read: it is the judge of what is written here. */
import { describeCompression } from './compression-tests.ts'

describeCompression('Apache Kafka', async () => ({
  brokers: (process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(','),
  close: async () => {},
}))
