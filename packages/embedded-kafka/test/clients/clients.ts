/** Every client that is compared. A new one is a file in this folder and a line in this list. */
import type { Client } from './driver.ts'
import { franzGo } from './franz-go.ts'
import { javaTools, javaToolsInConsumerGroups } from './java-tools.ts'
import { kafkaJs } from './kafkajs.ts'
import { kcat } from './kcat.ts'
import { platformatic, platformaticInConsumerGroups } from './platformatic.ts'
import { aiokafka, confluentKafka, confluentKafkaInConsumerGroups, kafkaPython } from './python.ts'

export const clients: readonly Client[] = [
  kafkaJs,
  platformatic,
  confluentKafka,
  kcat,
  aiokafka,
  kafkaPython,
  franzGo,
  javaTools,
  platformaticInConsumerGroups,
  confluentKafkaInConsumerGroups,
  javaToolsInConsumerGroups,
]
