/** Structs and arrays of declared fields. */
import { type FieldType, type Input, isInVersion, type Layout, type Shape, type Value } from './field-type.ts'
import { readLength, writeLength } from './lengths.ts'
import { MalformedRequest } from './malformed-request.ts'
import type { Reader } from './reader.ts'
import { Writer } from './writer.ts'

type Field = readonly [name: string, type: FieldType<unknown, unknown>]

export function array<S extends Shape>(shape: S): FieldType<Value<S>[], readonly Input<S>[]>
export function array<T, I>(element: FieldType<T, I>): FieldType<T[], readonly I[]>
export function array(element: Shape | FieldType<unknown>): FieldType<unknown[], readonly unknown[]> {
  const type = isType(element) ? element : struct(element)
  return {
    name: `[]${type.name}`,
    fallback: [],
    prefix: 'int32',
    ...(type.fields ? { fields: type.fields } : {}),
    read(reader, layout) {
      const items: unknown[] = []
      const count = reader.elements(readLength(reader, layout, 'int32'))
      for (let left = count; left > 0; left--) items.push(type.read(reader, layout))
      return items
    },
    write(writer, value, layout) {
      const { leftOut } = layout
      const items = leftOut === undefined ? value : value.filter((item) => !leftOut.has(item))
      writeLength(writer, items.length, layout, 'int32')
      for (const item of items) type.write(writer, item, layout)
    },
  }
}

export function struct<S extends Shape>(shape: S): FieldType<Value<S>, Input<S>> {
  const all: Field[] = Object.entries(shape)
  const untagged = all.filter(([, type]) => type.tag === undefined)
  const tagged = all.filter(([, type]) => type.tag !== undefined).toSorted(byTag)
  const known: (readonly Field[] | undefined)[] = []
  /** The fields of one version in wire order, picked once. */
  const inVersion = (version: number): readonly Field[] =>
    (known[version] ??= untagged.filter(([, type]) => isInVersion(type, version)))
  const fallback = Object.fromEntries(all.map(([name, type]) => [name, type.fallback])) as Value<S>

  return {
    name: 'struct',
    fallback,
    prefix: 'presence',
    fields: shape,
    read(reader, layout) {
      const value: Record<string, unknown> = { ...fallback }
      for (const [name, type] of inVersion(layout.version)) value[name] = type.read(reader, layout)
      if (layout.flexible) readTagged(reader, tagged, value, layout)
      return value as Value<S>
    },
    write(writer, value: Record<string, unknown>, layout) {
      for (const [name, type] of inVersion(layout.version)) {
        const given = value[name]
        type.write(writer, given === undefined ? type.fallback : given, layout)
      }
      if (layout.flexible) writeTagged(writer, tagged, value, layout)
    },
  }
}

/** The tagged section: fields in any number, those that nobody knows here stepped over. */
function readTagged(reader: Reader, known: readonly Field[], value: Record<string, unknown>, layout: Layout): void {
  for (let left = reader.elements(reader.unsignedVarint()); left > 0; left--) {
    const tag = reader.unsignedVarint()
    const length = reader.unsignedVarint()
    const field = known.find(([, type]) => type.tag === tag && isInVersion(type, layout.version))
    if (!field) {
      reader.bytes(length)
      continue
    }
    const end = reader.remaining - length
    value[field[0]] = field[1].read(reader, layout)
    if (reader.remaining !== end)
      throw new MalformedRequest(`tagged field ${tag} does not have the ${length} bytes it claims`)
  }
}

function writeTagged(writer: Writer, known: readonly Field[], value: Record<string, unknown>, layout: Layout): void {
  const sent = known.filter(
    ([name, type]) => value[name] !== undefined && value[name] !== type.fallback && isInVersion(type, layout.version),
  )
  writer.unsignedVarint(sent.length)
  for (const [name, type] of sent) {
    const body = new Writer()
    type.write(body, value[name], layout)
    writer.unsignedVarint(type.tag ?? 0)
    writer.unsignedVarint(body.length)
    for (const buffer of body.buffers()) writer.bytes(buffer)
  }
}

function byTag([, one]: Field, [, other]: Field): number {
  return (one.tag ?? 0) - (other.tag ?? 0)
}

function isType(element: Shape | FieldType<unknown>): element is FieldType<unknown> {
  return typeof element.read === 'function'
}
