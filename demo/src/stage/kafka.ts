import { startEmbeddedKafka } from '@tributary/embedded-kafka'

export interface KafkaStage {
  readonly brokers: readonly string[]
  describe(): string
  close(): Promise<void>
}

/** The cluster that KAFKA_BROKERS names, or an embedded one. */
export async function stageKafka(brokers: string | undefined): Promise<KafkaStage> {
  if (brokers !== undefined && brokers !== '') {
    return { brokers: brokers.split(','), describe: () => `Kafka at ${brokers}`, close: async () => {} }
  }
  const kafka = await startEmbeddedKafka({ brokers: 1, autoCreateTopics: false })
  return {
    brokers: kafka.bootstrapServers,
    describe: () => `embedded Kafka at ${kafka.bootstrapServers.join(',')}`,
    close: () => kafka.close(),
  }
}
