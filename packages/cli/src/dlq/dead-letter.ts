import {
  headerNames,
  provenanceHeaderNames as names,
  type RawRecord,
  splitProvenance,
  type TopicPartition,
} from '@tributary/event-bus'

/** A record of a dead-letter topic, and what its headers say. Null where they say nothing. */
export interface DeadLetter {
  /** Where it lies now. */
  readonly topic: string
  readonly partition: number
  readonly recordOffset: bigint
  readonly eventId: string | null
  readonly eventType: string | null
  readonly key: string | null
  /** Where the group first read it. */
  readonly origin: {
    readonly topic: string | null
    readonly partition: number | null
    readonly recordOffset: bigint | null
  }
  /** The group that gave it up. */
  readonly group: string | null
  readonly reason: string | null
  readonly errorClass: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly attempts: number | null
  readonly firstFailedAt: string | null
  readonly failedAt: string | null
  readonly redriveCount: number
  /** Only a pointer fitted into the topic: the bytes lie at the origin, as long as its retention keeps them. */
  readonly isPointer: boolean
  readonly record: RawRecord
}

export function deadLetterFrom(record: RawRecord, { topic, partition }: TopicPartition): DeadLetter {
  const { provenance, original } = splitProvenance(record.headers)
  const said = (name: string): string | null => provenance.get(name) ?? null
  const header = (name: string): string | null =>
    original.find(([candidate]) => candidate === name)?.[1]?.toString('utf8') ?? null
  return {
    topic,
    partition,
    recordOffset: record.offset,
    eventId: header(headerNames.id),
    eventType: header(headerNames.type),
    key: record.key?.toString('utf8') ?? null,
    origin: {
      topic: said(names.originTopic),
      partition: numberFrom(said(names.originPartition)),
      recordOffset: offsetFrom(said(names.originOffset)),
    },
    group: said(names.originGroup),
    reason: said(names.reason),
    errorClass: said(names.errorClass),
    errorCode: said(names.errorCode),
    errorMessage: said(names.errorMessage),
    attempts: numberFrom(said(names.attempts)),
    firstFailedAt: said(names.firstFailedAt),
    failedAt: said(names.failedAt),
    redriveCount: numberFrom(said(names.redriveCount)) ?? 0,
    // A tombstone of an event has the event's headers; what has neither bytes nor headers was cut down to its provenance.
    isPointer: record.value === null && original.length === 0,
    record,
  }
}

/** How a dead letter is named on the command line: `<dead-letter topic>/<partition>/<offset>`. */
export function placeOf({
  topic,
  partition,
  recordOffset,
}: Pick<DeadLetter, 'topic' | 'partition' | 'recordOffset'>): string {
  return `${topic}/${partition}/${recordOffset}`
}

function numberFrom(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null
}

function offsetFrom(text: string | null): bigint | null {
  return text !== null && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}
