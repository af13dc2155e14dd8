/** The rules for what an event definition may say. */
import { readSchema, type SchemaFault } from '../avro/read-schema.ts'
import type { RecordSchema } from '../avro/schema.ts'

const EVENT_TYPE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const LONGEST_EVENT_TYPE = 200
const TOPIC = /^[A-Za-z0-9._-]+$/
/** Kafka's limit. */
const LONGEST_TOPIC = 249

/** What `defineEvent` was really given: JavaScript callers and schemas read from files are not checked by a compiler. */
export interface UncheckedDefinition {
  readonly type: unknown
  readonly topic: unknown
  readonly key: unknown
  readonly subject?: unknown
  readonly schema: RecordSchema
  readonly earlierSchemas?: readonly RecordSchema[]
}

/** Everything that is wrong, in words that name the field of the definition; empty when nothing is. */
export function definitionFaults(definition: UncheckedDefinition): string[] {
  return [
    ...typeFaults(definition.type),
    ...topicFaults(definition.topic),
    ...functionFaults(definition),
    ...schemaFaults('schema', definition.schema, 'strict'),
    ...(definition.earlierSchemas ?? []).flatMap((schema, index) =>
      schemaFaults(`earlierSchemas[${index}]`, schema, 'lenient'),
    ),
  ]
}

function typeFaults(type: unknown): string[] {
  if (typeof type !== 'string' || !EVENT_TYPE.test(type) || type.length > LONGEST_EVENT_TYPE) {
    return [
      `type: must be 1 to ${LONGEST_EVENT_TYPE} letters, digits, dots, underscores or hyphens, such as 'order.placed', not ${shown(type)}`,
    ]
  }
  if (type.startsWith('tributary.'))
    return [`type: names that start with 'tributary.' are reserved for the framework, not ${shown(type)}`]
  return []
}

function topicFaults(topic: unknown): string[] {
  if (
    typeof topic !== 'string' ||
    !TOPIC.test(topic) ||
    topic.length > LONGEST_TOPIC ||
    topic === '.' ||
    topic === '..'
  ) {
    return [
      `topic: must be a name that Kafka takes, 1 to ${LONGEST_TOPIC} letters, digits, dots, underscores or hyphens, not ${shown(topic)}`,
    ]
  }
  return []
}

function functionFaults({ key, subject }: UncheckedDefinition): string[] {
  const faults: string[] = []
  if (typeof key !== 'function') {
    faults.push('key: must be a function from the data to the partition key; return null where order does not matter')
  }
  if (subject !== undefined && typeof subject !== 'function')
    faults.push('subject: must be a function from the data to a text or null')
  return faults
}

function schemaFaults(name: string, schema: RecordSchema, annotations: 'strict' | 'lenient'): string[] {
  if (typeof schema !== 'object' || schema === null || schema.type !== 'record') {
    return [`${name}: must be an Avro record, { type: 'record', name: …, fields: […] }`]
  }
  return readSchema(schema, { annotations }).faults.map((fault) => `${name}: ${faultText(fault)}`)
}

/** Where and what, in one sentence. */
export function faultText({ path, message }: SchemaFault): string {
  return path === '' ? `the record ${message}` : `${path} ${message}`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
