/** Values of any declared type, for properties that hold for every API in every version. */
import fc from 'fast-check'
import { type FieldType, isInVersion, type Shape } from '../../src/protocol/field-type.ts'

/** The values of one primitive type, by the name of Kafka's protocol guide. */
export type Scalars = (name: string) => fc.Arbitrary<unknown>

/** Fields that a version lacks have their fallback, as they come back when they are read. */
export function structOf(fields: Shape, version: number, scalars: Scalars = anyScalar): fc.Arbitrary<unknown> {
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [
        name,
        isInVersion(type, version) ? arbitraryOf(type, version, scalars) : fc.constant(type.fallback),
      ]),
    ),
  )
}

function arbitraryOf(type: FieldType<unknown>, version: number, scalars: Scalars): fc.Arbitrary<unknown> {
  const isNullable = version >= (type.nullableSince ?? Number.POSITIVE_INFINITY)
  const orNull = (values: fc.Arbitrary<unknown>) => (isNullable ? fc.option(values) : values)
  const isArray = type.name.startsWith('[]')
  const element = type.fields ? structOf(type.fields, version, scalars) : scalars(type.name.replace('[]', ''))
  return orNull(isArray ? fc.array(element, { maxLength: 3 }) : element)
}

export function anyScalar(name: string): fc.Arbitrary<unknown> {
  switch (name) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 })
    case 'int16':
      return fc.integer({ min: -32_768, max: 32_767 })
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'bool':
      return fc.boolean()
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('base64url'))
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 20 })
    case 'bytes':
      return fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes))
    case 'records':
      return fc.uint8Array({ maxLength: 3_000 }).map((bytes) => [Buffer.from(bytes)])
    default:
      throw new Error(`no values for type ${name}`)
  }
}
