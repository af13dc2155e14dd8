import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs'
import type { EmbeddedKafka } from '../../src/index.ts'

/** kafkajs as it comes, with short retries and no chatter. */
export function kafkajsFor(kafka: EmbeddedKafka, over: Partial<KafkaConfig> = {}): Kafka {
  return new kafkajs.Kafka({
    clientId: 'test',
    brokers: kafka.bootstrapServers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100 },
    ...over,
  })
}

/** Passed explicitly so that kafkajs does not warn about its change of default. */
export const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
