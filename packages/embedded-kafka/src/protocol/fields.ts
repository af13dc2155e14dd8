/** The primitive types of which requests and responses are declared, by the names of Kafka's protocol guide. */
import type { FieldType } from './field-type.ts'
import { readLength, takeNull, writeLength, writeNull } from './lengths.ts'
import { MalformedRequest } from './malformed-request.ts'

export const int8: FieldType<number> = {
  name: 'int8',
  fallback: 0,
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
}

export const int16: FieldType<number> = {
  name: 'int16',
  fallback: 0,
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
}

export const int32: FieldType<number> = {
  name: 'int32',
  fallback: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
}

export const int64: FieldType<bigint> = {
  name: 'int64',
  fallback: 0n,
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
}

export const boolean: FieldType<boolean> = {
  name: 'bool',
  fallback: false,
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
}

const uuidBytes = 16

/** "No id", which Kafka writes as sixteen zero bytes. */
export const zeroUuid: string = Buffer.alloc(uuidBytes).toString('base64url')

/** As text in the form that Kafka's tools print: base64 for URLs, 22 characters. */
export const uuid: FieldType<string> = {
  name: 'uuid',
  fallback: zeroUuid,
  read: (reader) => reader.bytes(uuidBytes).toString('base64url'),
  write: (writer, value) => writer.bytes(Buffer.from(value, 'base64url')),
}

/** Also where a compact length could say more, as in Kafka. */
const longestString = 32_767

export const string: FieldType<string> = {
  name: 'string',
  fallback: '',
  prefix: 'int16',
  read(reader, layout) {
    const length = readLength(reader, layout, 'int16')
    if (length > longestString) throw new MalformedRequest(`a string claims ${length} bytes`)
    return reader.text(length)
  },
  write(writer, value, layout) {
    const encoded = Buffer.from(value)
    writeLength(writer, encoded.length, layout, 'int16')
    writer.bytes(encoded)
  },
}

export const bytes: FieldType<Buffer> = {
  name: 'bytes',
  fallback: Buffer.alloc(0),
  prefix: 'int32',
  read: (reader, layout) => reader.bytes(readLength(reader, layout, 'int32')),
  write(writer, value, layout) {
    writeLength(writer, value.length, layout, 'int32')
    writer.bytes(value)
  },
}

const batches: FieldType<readonly Buffer[]> = {
  name: 'records',
  fallback: [],
  prefix: 'int32',
  read: (reader, layout) => [reader.bytes(readLength(reader, layout, 'int32'))],
  write(writer, value, layout) {
    let length = 0
    for (const batch of value) length += batch.length
    writeLength(writer, length, layout, 'int32')
    for (const batch of value) writer.bytes(batch)
  },
}

/**
 * The type, or null, which in an array usually means "all of them".
 * Null where a version does not allow it is malformed when read, and written as empty.
 */
export function nullable<T, I>(type: FieldType<T, I>, since = 0): FieldType<T | null, I | null> {
  const { prefix } = type
  if (!prefix) throw new TypeError(`${type.name} has no way to be null`)
  return {
    ...type,
    fallback: null,
    nullableSince: since,
    read(reader, layout) {
      return layout.version >= since && takeNull(reader, layout, prefix) ? null : type.read(reader, layout)
    },
    write(writer, value, layout) {
      if (value === null) {
        if (layout.version >= since) writeNull(writer, layout, prefix)
        else type.write(writer, type.fallback as unknown as I, layout)
        return
      }
      if (prefix === 'presence') writer.int8(1)
      type.write(writer, value, layout)
    },
  }
}

export const nullableString: FieldType<string | null> = nullable(string)

/** Whole record batches, sent as they lie in the log; null where a partition has nothing to say. */
export const records: FieldType<readonly Buffer[] | null> = nullable(batches)
