/** A request of any API, made from its declaration: one element in each array, and the same name for whatever has one. */
import type { FieldType, Shape } from '../../src/protocol/field-type.ts'

export interface SampleValues {
  /** Every topic, group and transactional id. */
  readonly name: string
  readonly topicId: string
  /** Kinds of things, such as the kind of a coordinator's key. */
  readonly int8: number
}

export function sampleRequest(request: FieldType<unknown>, values: SampleValues): Record<string, unknown> {
  return structOf(request.fields ?? {}, values)
}

function structOf(shape: Shape, values: SampleValues): Record<string, unknown> {
  return Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, sampleOf(name, type, values)]))
}

function sampleOf(name: string, type: FieldType<unknown>, values: SampleValues): unknown {
  // A producer that waits for an answer.
  if (name === 'acks') return -1
  const isArray = type.name.startsWith('[]')
  const element = type.fields ? structOf(type.fields, values) : primitive(type.name.replace('[]', ''), values)
  return isArray ? [element] : element
}

function primitive(name: string, values: SampleValues): unknown {
  switch (name) {
    case 'string':
      return values.name
    case 'uuid':
      return values.topicId
    case 'bytes':
      return Buffer.alloc(0)
    case 'records':
      return [Buffer.alloc(0)]
    case 'bool':
      return false
    case 'int64':
      return 0n
    case 'int8':
      return values.int8
    default:
      return 0
  }
}
