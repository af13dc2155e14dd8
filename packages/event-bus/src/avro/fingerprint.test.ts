import { describe, expect, it } from 'vitest'
import { canonicalForm, fingerprintOf, semanticForm } from './fingerprint.ts'
import { readSchema } from './read-schema.ts'
import type { AvroSchema } from './schema.ts'

function nodeOf(schema: AvroSchema) {
  const { node, faults } = readSchema(schema, { annotations: 'lenient' })
  expect(faults).toEqual([])
  return node
}

describe('the canonical form', () => {
  // Each row takes one of the transformations that the specification lists.
  it.each<[string, AvroSchema, string]>([
    ['writes primitive types as their names', { type: 'int' }, '"int"'],
    [
      'replaces short names by full names and drops namespaces',
      { type: 'fixed', name: 'Id', namespace: 'a.b', size: 4 },
      '{"name":"a.b.Id","type":"fixed","size":4}',
    ],
    [
      'keeps a full name, whatever namespace stands beside it',
      { type: 'enum', name: 'x.Suit', namespace: 'ignored', symbols: ['A'] },
      '{"name":"x.Suit","type":"enum","symbols":["A"]}',
    ],
    [
      'strips what parsing does not need, and orders the rest',
      {
        fields: [{ doc: 'd', default: 1, order: 'ignore', aliases: ['g'], type: 'int', name: 'f' }],
        aliases: ['S'],
        doc: 'd',
        type: 'record',
        name: 'R',
      },
      '{"name":"R","type":"record","fields":[{"name":"f","type":"int"}]}',
    ],
    [
      'drops logical types',
      { type: 'array', items: { type: 'long', logicalType: 'timestamp-millis' } },
      '{"type":"array","items":"long"}',
    ],
    [
      'refers to a name by the full name after its definition',
      {
        type: 'record',
        name: 'Node',
        namespace: 'n',
        fields: [{ name: 'next', type: ['null', 'Node'] }],
      },
      '{"name":"n.Node","type":"record","fields":[{"name":"next","type":["null","n.Node"]}]}',
    ],
    [
      'keeps the order of branches',
      ['string', { type: 'map', values: 'null' }],
      '["string",{"type":"map","values":"null"}]',
    ],
  ])('%s', (_, schema, expected) => {
    expect(canonicalForm(nodeOf(schema))).toBe(expected)
  })
})

describe('the fingerprint', () => {
  // From the test suite of Apache Avro, where fingerprints are signed.
  it.each<[AvroSchema, bigint]>([
    ['null', 7195948357588979594n],
    ['boolean', -6970731678124411036n],
    ['int', 8247732601305521295n],
    ['string', -8142146995180207161n],
  ])('of %j is that of the specification', (schema, signed) => {
    expect(BigInt.asIntN(64, fingerprintOf(nodeOf(schema)))).toBe(signed)
  })

  it('ignores logical types, and the semantic form does not', () => {
    const cents = nodeOf({ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 })
    const mills = nodeOf({ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 3 })
    expect(fingerprintOf(cents)).toBe(fingerprintOf(mills))
    expect(semanticForm(cents)).not.toBe(semanticForm(mills))
  })
})
