/** How lengths and nulls are written: in the classic layout as integers, in the flexible one as varints that are one higher. */
import type { Layout, Prefix } from './field-type.ts'
import { MalformedRequest } from './malformed-request.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export function readLength(reader: Reader, layout: Layout, classic: 'int16' | 'int32'): number {
  const length = layout.flexible ? reader.unsignedVarint() - 1 : classic === 'int16' ? reader.int16() : reader.int32()
  if (length < 0) throw new MalformedRequest(`a length is ${length}`)
  return length
}

export function writeLength(writer: Writer, length: number, layout: Layout, classic: 'int16' | 'int32'): void {
  if (layout.flexible) writer.unsignedVarint(length + 1)
  else if (classic === 'int16') writer.int16(length)
  else writer.int32(length)
}

/** Steps over a null, if there is one. */
export function takeNull(reader: Reader, layout: Layout, prefix: Prefix): boolean {
  if (prefix === 'presence') return reader.int8() < 0
  if (layout.flexible) return reader.takeIfNext(0)
  return prefix === 'int16' ? reader.takeIfNext(0xff, 0xff) : reader.takeIfNext(0xff, 0xff, 0xff, 0xff)
}

export function writeNull(writer: Writer, layout: Layout, prefix: Prefix): void {
  if (prefix === 'presence') writer.int8(-1)
  else writeLength(writer, -1, layout, prefix)
}
