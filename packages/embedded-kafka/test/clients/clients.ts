/** Every client that is compared. A new one is a file in this folder and a line in this list. */
import type { Client } from './driver.ts'
import { franzGo } from './franz-go.ts'
import { javaClient, javaClientInConsumerGroups } from './java-client.ts'
import { kafkaTs } from './kafka-ts.ts'
import { kafkaJs } from './kafkajs.ts'
import { kcat } from './kcat.ts'
import { platformatic, platformaticInConsumerGroups } from './platformatic.ts'
import { aiokafka, confluentKafka, confluentKafkaInConsumerGroups, kafkaPython } from './python.ts'

export const clients: readonly Client[] = [
  kafkaJs,
  kafkaTs,
  platformatic,
  confluentKafka,
  kcat,
  aiokafka,
  kafkaPython,
  franzGo,
  javaClient,
  platformaticInConsumerGroups,
  confluentKafkaInConsumerGroups,
  javaClientInConsumerGroups,
]

/** Clients that no test can have, and why. */
export const absent: Readonly<Record<string, string>> = {
  '@confluentinc/kafka-javascript':
    'its installation downloads a binary, or the sources of OpenSSL and curl to build one, which no package registry has; confluent-kafka is the same librdkafka',
}
