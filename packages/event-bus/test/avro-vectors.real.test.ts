/** Apache Avro's own conformance data, `share/test` of its repository: read where it lies. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DatumCodec } from '../src/avro/codec.ts'
import { canonicalForm, fingerprintOf } from '../src/avro/fingerprint.ts'
import { readSchema } from '../src/avro/read-schema.ts'
import type { AvroSchema } from '../src/avro/schema.ts'
import { readFraming } from '../src/avro/wire-format.ts'

const directory = join(process.env['TRIBUTARY_REAL_DATA'] ?? '', 'avro')

function fileOf(...path: string[]): Buffer {
  return readFileSync(join(directory, ...path))
}

function jsonOf(...path: string[]): AvroSchema {
  return JSON.parse(fileOf(...path).toString('utf8'))
}

function nodeOf(schema: AvroSchema) {
  const { node, faults } = readSchema(schema, { annotations: 'lenient' })
  expect(faults).toEqual([])
  return node
}

/** One case is an input, which may be a here-document, its canonical form, and perhaps its fingerprint as a signed integer. */
const CASE =
  /<<INPUT(?:\n(?<document>[\s\S]*?)\nINPUT|[ \t]+(?<line>.*))\n<<canonical (?<canonical>.*)(?:\n<<fingerprint (?<fingerprint>.*))?/g

const cases = [
  ...fileOf('data', 'schema-tests.txt')
    .toString('utf8')
    .replaceAll(/^\/\/.*\n/gm, '')
    .matchAll(CASE),
].map(({ groups }) => ({
  input: groups?.['document'] ?? groups?.['line'] ?? '',
  canonical: groups?.['canonical'] ?? '',
  fingerprint: groups?.['fingerprint'],
}))

describe('the schemas of Avro’s test suite', () => {
  it('are all found in the file', () => {
    expect(cases).toHaveLength(34)
    expect(cases.filter(({ fingerprint }) => fingerprint !== undefined)).toHaveLength(26)
  })

  it.each(cases)('have the canonical form and fingerprint given there: $input', ({ input, canonical, fingerprint }) => {
    const node = nodeOf(JSON.parse(input))
    expect(canonicalForm(node)).toBe(canonical)
    if (fingerprint !== undefined) expect(BigInt.asIntN(64, fingerprintOf(node))).toBe(BigInt(fingerprint))
  })
})

describe('a message in single-object encoding', () => {
  it('is recognised by the fingerprint of its schema, and read', () => {
    const node = nodeOf(jsonOf('data', 'messageV1', 'test_schema.avsc'))
    const message = fileOf('data', 'messageV1', 'test_message.bin')
    const framing = readFraming(message)
    expect(framing?.schema).toEqual({ kind: 'fingerprint', fingerprint: fingerprintOf(node) })
    const { read } = new DatumCodec(node)
    expect(read(message, framing?.start ?? 0)).toMatchObject({ name: 'Bill', tags: ['dog_lover', 'cat_hater'] })
  })
})

interface Rejection {
  readonly name: string
  readonly schema: string
  readonly bytesHex: string
}

const rejections: { readonly vectors: readonly Rejection[] } = JSON.parse(
  fileOf('data', 'binary-rejections.json').toString('utf8'),
)

describe('a payload that a decoder must reject', () => {
  it.each(rejections.vectors)('is rejected: $name', ({ schema, bytesHex }) => {
    const { read } = new DatumCodec(nodeOf(JSON.parse(schema)))
    expect(() => read(Buffer.from(bytesHex, 'hex'), 0)).toThrow()
  })
})

describe('the schema with every type', () => {
  it('is read and round-trips a value of each', () => {
    const codec = new DatumCodec(nodeOf(jsonOf('schemas', 'interop.avsc')))
    const value = {
      intField: -1,
      longField: 2n ** 60n,
      stringField: 'ünï',
      boolField: true,
      floatField: 0.5,
      doubleField: Math.PI,
      bytesField: Buffer.from([0, 1]),
      nullField: null,
      arrayField: [1.5, -2],
      mapField: { a: { label: 'x' } },
      unionField: [Buffer.from([1])],
      enumField: 'C',
      fixedField: Buffer.alloc(16, 7),
      recordField: { label: 'root', children: [{ label: 'leaf', children: [] }] },
    }
    expect(codec.read(codec.write(Buffer.alloc(0), value), 0)).toEqual(value)
  })
})
