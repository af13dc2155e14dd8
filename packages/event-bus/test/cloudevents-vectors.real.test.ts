/** The messages of the CloudEvents conformance suite for the Kafka binding: headers and value, with the attributes that they must give. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RawHeader } from '../src/driver.ts'
import { RecordUndecodableError } from '../src/errors.ts'
import { defineEvent } from '../src/events/define-event.ts'
import { createEventDecoder } from '../src/events/event-decoder.ts'
import { textHeader } from '../src/events/headers.ts'
import { isStructured, ReceivedHeaders, textOf } from '../src/events/received-headers.ts'

interface Vector {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: string
  readonly expect: { readonly attributes: Readonly<Record<string, string>> }
}

const file = join(process.env['TRIBUTARY_REAL_DATA'] ?? '', 'cloudevents', 'kafka-binding.json')
const { vectors }: { vectors: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'))

function recordOf({ headers, value }: Vector) {
  const raw: RawHeader[] = Object.entries(headers).map(([name, text]) => textHeader(name, text))
  return { offset: 0n, timestamp: 0, key: null, value: Buffer.from(value), headers: raw }
}

const origin = { topic: 'events', partition: 0 }

describe.each(vectors)('a message in $name', (vector) => {
  const { attributes } = vector.expect
  const type = attributes['type'] ?? ''

  it('is seen to be in that mode, with its attributes', () => {
    const headers = new ReceivedHeaders()
    headers.read(recordOf(vector))
    const structured = vector.name.startsWith('structured')
    expect(isStructured(headers)).toBe(structured)
    if (structured) return
    expect([headers.id, headers.type, headers.source, headers.time, headers.contentType].map(textOf)).toEqual(
      ['id', 'type', 'source', 'time', 'datacontenttype'].map((name) => attributes[name]),
    )
  })

  it('is left to others where its type is not handled', () => {
    const decoder = createEventDecoder({ definitions: [] })
    expect(decoder.decode(recordOf(vector), origin)).toEqual({ kind: 'unknown-type', type })
  })

  it('is refused for its JSON where its type is handled', () => {
    const schema = { type: 'record', name: 'SomeEvent', fields: [] } as const
    const definition = defineEvent({ type, topic: 'events', key: () => null, schema })
    const decoder = createEventDecoder({ definitions: [definition] })
    expect(() => decoder.decode(recordOf(vector), origin)).toThrow(RecordUndecodableError)
  })
})
