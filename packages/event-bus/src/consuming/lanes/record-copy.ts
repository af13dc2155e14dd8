import type { RawRecord } from '../../driver.ts'

/** Bytes of an object for a record or a header, roughly. */
const OBJECT_BYTES = 64

/**
 * The record with bytes of its own. Records of one fetch share its buffer: one that stays for long would keep all of it in memory, a megabyte for a hundred
 * bytes.
 */
export function copyOf({ offset, timestamp, key, value, headers }: RawRecord): RawRecord {
  return {
    offset,
    timestamp,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map(([name, bytes]) => [name, bytes && Buffer.from(bytes)] as const),
  }
}

/** What a copy holds in memory, roughly. */
export function bytesOf({ key, value, headers }: RawRecord): number {
  let bytes = OBJECT_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, header] of headers) bytes += OBJECT_BYTES + name.length + (header?.length ?? 0)
  return bytes
}
