import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '@tributary/embedded-kafka'
import type { AppendResult, Driver, DriverProducer, OutgoingRecord, PublishOutcome } from '@tributary/event-bus'
import { onTestFinished } from 'vitest'
import { type KafkajsOptions, kafkajs } from '../src/index.ts'

/** A cluster and a driver for one test, closed when it is over. Requests time out soon, because tests stage answers that never come. */
export async function stage(
  options: { kafka?: EmbeddedKafkaOptions; driver?: Partial<KafkajsOptions> } = {},
): Promise<{ kafka: EmbeddedKafka; driver: Driver }> {
  const kafka = await startEmbeddedKafka({ autoCreateTopics: false, ...options.kafka })
  const driver = kafkajs({
    brokers: kafka.bootstrapServers,
    requestTimeoutMs: 400,
    metadataMaxAgeMs: 300,
    ...options.driver,
  })
  onTestFinished(async () => {
    await driver.close()
    await kafka.close()
  })
  return { kafka, driver }
}

export function record(value: string | Buffer | null, headers: OutgoingRecord['headers'] = []): OutgoingRecord {
  return {
    key: null,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers,
    timestamp: 1_700_000_000_000,
  }
}

/** What a caller was told of one batch. */
export interface Told {
  readonly partition: number
  readonly value: string
  readonly outcome: 'acknowledged' | PublishOutcome
  readonly result: AppendResult | null
  readonly error: Error | null
}

/** Appends one record and reports what the caller was told, without throwing. */
export async function tell(
  producer: DriverProducer,
  topic: string,
  partition: number,
  value: string,
  timeoutMs = 8_000,
): Promise<Told> {
  try {
    const result = await producer.append({ topic, partition }, [record(value)], { timeoutMs })
    return { partition, value, outcome: 'acknowledged', result, error: null }
  } catch (error) {
    if (!(error instanceof Error && 'outcome' in error)) throw error
    return { partition, value, outcome: error.outcome as PublishOutcome, result: null, error }
  }
}

/** The values of a partition as they lie on the log. */
export function onLog(kafka: EmbeddedKafka, topic: string, partition = 0): string[] {
  return kafka.log(topic, partition).map(({ value }) => String(value))
}

/** What the log contradicts in what callers were told; empty when every word holds. Values must be distinct, and told in the order of the calls. */
export function lies(kafka: EmbeddedKafka, topic: string, told: readonly Told[]): string[] {
  const found: string[] = []
  const lastOffset = new Map<number, bigint>()
  for (const { partition, value, outcome, result } of told) {
    const records = kafka.log(topic, partition).filter((each) => String(each.value) === value)
    if (outcome === 'acknowledged') {
      const [only] = records
      if (records.length !== 1 || only === undefined)
        found.push(`${value} was acknowledged and is on the log ${records.length} times`)
      else if (result?.baseOffset !== only.offset)
        found.push(`${value} was said to be at ${result?.baseOffset} and is at ${only.offset}`)
      else if (only.offset < (lastOffset.get(partition) ?? -1n)) found.push(`${value} was overtaken by a later one`)
      else lastOffset.set(partition, only.offset)
    }
    if (outcome === 'not-written' && records.length > 0)
      found.push(`${value} was said not to be written and is on the log`)
    if (outcome === 'unknown' && records.length > 1) found.push(`${value} is on the log ${records.length} times`)
  }
  return found
}
