import type { OutgoingHeader, OutgoingRecord, RawHeader, RawRecord } from './driver.ts'

/** A record as it is on the log, wherever there. */
export type RecordOnLog = Omit<RawRecord, 'offset'>

/** The record as it will be on the log: text as its bytes in UTF-8. For drivers that keep records, and for whoever looks at what a driver was given. */
export function rawRecord({ key, value, headers, timestamp }: OutgoingRecord): RecordOnLog {
  return { key: typeof key === 'string' ? Buffer.from(key) : key, value, headers: rawHeaders(headers), timestamp }
}

export function rawHeaders(headers: readonly OutgoingHeader[]): RawHeader[] {
  return headers.map(([name, value]) => [name, typeof value === 'string' ? Buffer.from(value) : value])
}
