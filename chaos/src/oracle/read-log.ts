import {
  type DriverAdmin,
  deadLetterTopic,
  headerNames,
  headerText,
  provenanceHeaderNames,
  type RawRecord,
} from '@tributary/event-bus'
import { numbered } from '../programs/numbered.ts'
import type { DeadLetter, LogRecord } from './evidence.ts'

/** The source topic, record by record, outside of any group and without decoding a value. */
export async function readSource(admin: DriverAdmin): Promise<LogRecord[]> {
  const records = await readTopic(admin, numbered.topic)
  return records.map(({ partition, record }) => ({
    partition,
    offset: Number(record.offset),
    id: headerText(record.headers, headerNames.id) ?? 'no id',
  }))
}

export async function readDeadLetters(admin: DriverAdmin, group: string): Promise<DeadLetter[]> {
  const records = await readTopic(admin, deadLetterTopic(numbered.topic, group))
  return records.map(({ record }) => ({
    partition: Number(headerText(record.headers, provenanceHeaderNames.originPartition)),
    offset: Number(headerText(record.headers, provenanceHeaderNames.originOffset)),
  }))
}

async function readTopic(admin: DriverAdmin, topic: string): Promise<{ partition: number; record: RawRecord }[]> {
  const read: { partition: number; record: RawRecord }[] = []
  for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic)) {
    for await (const { records } of admin.readRange({ topic, partition }, logStartOffset, logEndOffset))
      for (const record of records) read.push({ partition, record })
  }
  return read
}
