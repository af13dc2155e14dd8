/** Compressed batches, written by this driver and by kafkajs' own producer, are read by both. */
import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { describeCompression } from './compression-tests.ts'

describeCompression('the embedded broker', async () => {
  const kafka = await startEmbeddedKafka()
  return { brokers: kafka.bootstrapServers, close: () => kafka.close() }
})
