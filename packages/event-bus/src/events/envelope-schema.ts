import { namespaceOf, qualifiedName, simpleName } from '../avro/names.ts'
import type { RecordSchema } from '../avro/schema.ts'

/**
 * The schema of an event's body: what the framework says of the event, and the event's data. It is named after the data, so that a body without
 * headers still tells its type.
 */
export function envelopeSchema(data: RecordSchema): RecordSchema {
  const fullName = qualifiedName(data.name, data.namespace ?? '')
  const namespace = namespaceOf(fullName)
  return {
    type: 'record',
    name: `${simpleName(fullName)}Envelope`,
    ...(namespace === '' ? {} : { namespace }),
    ...(data.aliases === undefined ? {} : { aliases: data.aliases.map((alias) => `${alias}Envelope`) }),
    fields: [
      { name: 'event_id', type: 'string' },
      { name: 'trace_id', type: 'string' },
      { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'source', type: 'string' },
      { name: 'data', type: data },
    ],
  }
}

/** A decoded body. */
export interface EnvelopeDatum {
  readonly event_id: string
  readonly trace_id: string
  readonly timestamp: Date
  readonly source: string
  readonly data: unknown
}
