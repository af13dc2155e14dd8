import type { OutgoingHeader, OutgoingRecord } from '../driver.ts'
import type { RecordQueue } from './record-queue.ts'
import type { SendCall } from './send-call.ts'

/**
 * Where a record is on its way. `waiting`: for room in the buffer, held by its caller. `buffered`: in the buffer. `sent`: in a batch that was handed
 * to the driver. `settled`: its caller has been told what became of it.
 */
export type RecordState = 'waiting' | 'buffered' | 'sent' | 'settled'

/** A record and its place in the call that brought it. Handed to the driver as it is: a batch copies nothing. */
export class PendingRecord implements OutgoingRecord {
  readonly topic: string
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  readonly headers: readonly OutgoingHeader[]
  readonly timestamp: number
  /** What it takes in a batch: an estimate on the high side. */
  readonly bytes: number
  readonly call: SendCall
  /** Its place among the call's records. */
  readonly index: number
  state: RecordState = 'waiting'
  /** The queue that holds it while it is buffered. */
  queue: RecordQueue | null = null

  constructor(call: SendCall, index: number, topic: string, record: OutgoingRecord) {
    this.call = call
    this.index = index
    this.topic = topic
    this.key = record.key
    this.value = record.value
    this.headers = record.headers
    this.timestamp = record.timestamp
    this.bytes = recordBytes(record)
  }
}

/** Attributes, timestamp and offset deltas, and the lengths of key, value and record, at their longest. */
const fixedBytes = 36
/** The lengths of a header's name and value, at their longest. */
const headerBytes = 10

/** How many places of headers are remembered; those further back are measured each time. */
const placesKept = 16
/** What stood in each place last, and its size: most headers of a record are the same objects as those of the record before. */
const lastHeaders: OutgoingHeader[] = []
const lastBytes: number[] = []

function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = fixedBytes + sizeOf(key) + sizeOf(value)
  for (let place = 0; place < headers.length; place += 1)
    bytes += bytesOfHeader(headers[place] as OutgoingHeader, place)
  return bytes
}

function bytesOfHeader(header: OutgoingHeader, place: number): number {
  if (header === lastHeaders[place]) return lastBytes[place] as number
  const bytes = headerBytes + header[0].length + sizeOf(header[1])
  if (place < placesKept) {
    lastHeaders[place] = header
    lastBytes[place] = bytes
  }
  return bytes
}

function sizeOf(content: Buffer | string | null): number {
  if (content === null) return 0
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}
