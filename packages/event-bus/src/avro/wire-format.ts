/** How a value says which schema wrote it. */
import type { SchemaReference } from './schema-store.ts'

/** Avro's single-object encoding: these two bytes, then the fingerprint, little-endian. */
const SINGLE_OBJECT_MARKER = 0x01c3
const SINGLE_OBJECT_PREFIX_BYTES = 10

/** The framing of Confluent's serializers: a zero, then the id in the registry, big-endian. */
const CONFLUENT_MARKER = 0x00
const CONFLUENT_PREFIX_BYTES = 5

/** The newer framing leaves the value alone: version 1 and a UUID in the header `__value_schema_id`. */
const CONFLUENT_HEADER_VERSION = 0x01
const CONFLUENT_HEADER_BYTES = 17

export function singleObjectPrefix(fingerprint: bigint): Buffer {
  const prefix = Buffer.alloc(SINGLE_OBJECT_PREFIX_BYTES)
  prefix.writeUInt16LE(SINGLE_OBJECT_MARKER)
  prefix.writeBigUInt64LE(fingerprint, 2)
  return prefix
}

export interface Framing {
  readonly schema: SchemaReference
  /** Where the datum starts. */
  readonly start: number
}

/** Which schema wrote a value; null when the value does not say it in a way known here. */
export function readFraming(value: Buffer): Framing | null {
  if (value.length >= SINGLE_OBJECT_PREFIX_BYTES && value.readUInt16LE() === SINGLE_OBJECT_MARKER) {
    return { schema: { kind: 'fingerprint', fingerprint: value.readBigUInt64LE(2) }, start: SINGLE_OBJECT_PREFIX_BYTES }
  }
  if (value.length >= CONFLUENT_PREFIX_BYTES && value[0] === CONFLUENT_MARKER) {
    return { schema: { kind: 'registry-id', id: value.readInt32BE(1) }, start: CONFLUENT_PREFIX_BYTES }
  }
  return null
}

/** The same from the header of the newer framing; null when it is not of a known version. */
export function readFramingHeader(header: Buffer): Framing | null {
  if (header.length !== CONFLUENT_HEADER_BYTES || header[0] !== CONFLUENT_HEADER_VERSION) return null
  const hex = header.toString('hex', 1)
  const guid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  return { schema: { kind: 'registry-guid', guid }, start: 0 }
}
