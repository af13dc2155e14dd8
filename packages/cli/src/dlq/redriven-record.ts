import {
  type DriverAdmin,
  type OutgoingRecord,
  provenanceHeaderNames,
  type RawHeader,
  type RawRecord,
} from '@tributary/event-bus'
import type { DeadLetter } from './dead-letter.ts'

/** Why a dead letter stays where it is. */
export type LeftBehindReason =
  /** It has come back as often as is allowed: something is wrong with it, or with its handler. */
  | 'redriven-too-often'
  /** Another group gave it up, or nobody says who did: it must not be handled here. */
  | 'not-of-this-group'
  /** Only a pointer was kept, and the bytes it points to are gone from their topic. */
  | 'bytes-gone'
  /** The redrive topic refuses it: too large, for example. */
  | 'refused'

export type RedriveStep =
  | {
      readonly kind: 'redrive'
      readonly letter: DeadLetter
      readonly record: OutgoingRecord
      readonly partition: number
    }
  | { readonly kind: 'leave'; readonly letter: DeadLetter; readonly reason: LeftBehindReason; readonly detail: string }

export interface StepOptions {
  readonly admin: DriverAdmin
  readonly group: string
  readonly redrivePartitions: number
  /** Infinity for no limit. */
  readonly maxRedrives: number
  /** Milliseconds since the Unix epoch. */
  readonly now: number
}

/**
 * What happens to one dead letter. Its key, value and headers stay as they are, so the event keeps its id and its history; only the number of
 * redrives is counted up. The engine counts attempts and age anew for whatever it reads from a redrive topic.
 */
export async function stepFor(letter: DeadLetter, options: StepOptions): Promise<RedriveStep> {
  const { admin, group, redrivePartitions, maxRedrives, now } = options
  if (letter.group !== group) {
    return {
      kind: 'leave',
      letter,
      reason: 'not-of-this-group',
      detail: letter.group === null ? 'it names no group' : `it is of group ${letter.group}`,
    }
  }
  if (letter.redriveCount >= maxRedrives) {
    return {
      kind: 'leave',
      letter,
      reason: 'redriven-too-often',
      detail: `${letter.redriveCount} times; --max-redrives is ${maxRedrives}, and --force passes over it`,
    }
  }
  const bytes = letter.isPointer ? await bytesAtOrigin(admin, letter) : letter.record
  if (bytes === null) {
    return { kind: 'leave', letter, reason: 'bytes-gone', detail: `nothing is left at ${originOf(letter)}` }
  }
  // What a pointer lost is taken from the origin; its provenance comes first, as in every dead letter.
  const headers = letter.isPointer ? [...letter.record.headers, ...bytes.headers] : letter.record.headers
  return {
    kind: 'redrive',
    letter,
    partition: (letter.origin.partition ?? letter.partition) % redrivePartitions,
    record: {
      key: bytes.key,
      value: bytes.value,
      headers: countedUp(headers, letter.redriveCount + 1),
      timestamp: now,
    },
  }
}

/** The first header of a name counts, so a new one goes before what the record brought along. */
function countedUp(headers: readonly RawHeader[], redriveCount: number): RawHeader[] {
  const counted: RawHeader = [provenanceHeaderNames.redriveCount, Buffer.from(String(redriveCount))]
  const index = headers.findIndex(([name]) => name === provenanceHeaderNames.redriveCount)
  return index < 0 ? [counted, ...headers] : headers.with(index, counted)
}

async function bytesAtOrigin(admin: DriverAdmin, letter: DeadLetter): Promise<RawRecord | null> {
  const { topic, partition, recordOffset } = letter.origin
  if (topic === null || partition === null || recordOffset === null) return null
  if ((await admin.describeTopics([topic])).length === 0) return null
  const bounds = (await admin.offsets(topic)).find((offsets) => offsets.partition === partition)
  if (!bounds || recordOffset < bounds.logStartOffset || recordOffset >= bounds.logEndOffset) return null
  for await (const chunk of admin.readRange({ topic, partition }, recordOffset, recordOffset + 1n)) {
    for (const record of chunk.records) if (record.offset === recordOffset) return record
  }
  return null
}

function originOf({ origin }: DeadLetter): string {
  return `${origin.topic ?? '?'}/${origin.partition ?? '?'}/${origin.recordOffset ?? '?'}`
}
