import { describe, expect, it } from 'vitest'
import type { Chunk, OutgoingRecord, RawRecord } from '../driver.ts'
import { SchemaConflictError } from '../errors.ts'
import { rawRecord } from '../raw-record.ts'
import { identityOf } from './known-schemas.ts'
import type { RecordSchema } from './schema.ts'
import { SCHEMA_TOPIC, type SchemaTopicDriver, schemaTopicSpec, topicSchemas } from './schema-topic.ts'

/** One partition in memory. `onRead` runs between asking for the end and reading to it. */
class Log {
  readonly records: RawRecord[] = []
  reads = 0
  appends = 0
  closed = 0
  failure: Error | null = null
  onRead: () => Promise<void> = () => Promise.resolve()

  append(record: OutgoingRecord): void {
    this.records.push({ ...rawRecord(record), offset: BigInt(this.records.length) })
  }

  get driver(): SchemaTopicDriver {
    const log = this
    const fail = (): void => {
      if (log.failure !== null) throw log.failure
    }
    const close = async (): Promise<void> => {
      log.closed++
    }
    return {
      createProducer: () => ({
        async append(_, records) {
          fail()
          log.appends++
          const baseOffset = BigInt(log.records.length)
          for (const record of records) log.append(record)
          return { baseOffset }
        },
        close,
      }),
      createAdmin: () => ({
        async offsets(topic) {
          fail()
          log.reads++
          const logEndOffset = BigInt(log.records.length)
          await log.onRead()
          return [{ topic, partition: 0, logStartOffset: 0n, logEndOffset }]
        },
        async *readRange(partition, from, to): AsyncIterable<Chunk> {
          if (from >= to) return
          const records = log.records.slice(Number(from), Number(to))
          yield { ...partition, epoch: 0, fetchedFrom: from, nextPosition: to, highWatermark: to, records, bytes: 0 }
        },
        close,
      }),
    }
  }
}

function schemaOf(name: string, logicalType = 'timestamp-millis'): RecordSchema {
  return { type: 'record', name, fields: [{ name: 'at', type: { type: 'long', logicalType } }] }
}

function referenceTo(schema: RecordSchema) {
  return { kind: 'fingerprint', fingerprint: identityOf(schema).fingerprint } as const
}

describe('the schema topic', () => {
  it('is compacted and has one partition', () => {
    expect(schemaTopicSpec({ replicationFactor: 3 })).toEqual({
      topic: SCHEMA_TOPIC,
      partitions: 1,
      replicationFactor: 3,
      configs: { 'cleanup.policy': 'compact' },
    })
  })

  it('tells one process the schema that another announced', async () => {
    const log = new Log()
    const schema = schemaOf('A')
    await topicSchemas({ driver: log.driver }).announce(schema)
    expect(log.records.map(({ key }) => key?.toString())).toEqual([
      referenceTo(schema).fingerprint.toString(16).padStart(16, '0'),
    ])
    await expect(topicSchemas({ driver: log.driver }).find(referenceTo(schema))).resolves.toEqual(schema)
  })

  it('holds a schema once, however often and by whomever it is announced', async () => {
    const log = new Log()
    const [one, another] = [topicSchemas({ driver: log.driver }), topicSchemas({ driver: log.driver })]
    await Promise.all([one.announce(schemaOf('A')), one.announce(schemaOf('A'))])
    await another.announce(schemaOf('A'))
    await one.announce(schemaOf('A'))
    expect(log.appends).toBe(1)
  })

  it('is read on to its end before a schema is said to be unknown, and known ones cost nothing', async () => {
    const log = new Log()
    const store = topicSchemas({ driver: log.driver })
    await expect(store.find(referenceTo(schemaOf('A')))).resolves.toBeNull()
    await topicSchemas({ driver: log.driver }).announce(schemaOf('A'))
    await expect(store.find(referenceTo(schemaOf('A')))).resolves.toEqual(schemaOf('A'))
    const { reads } = log
    await store.find(referenceTo(schemaOf('A')))
    expect(log.reads).toBe(reads)
  })

  it('is read again for a question that came while it was being read', async () => {
    const log = new Log()
    const store = topicSchemas({ driver: log.driver })
    let late: Promise<unknown> | undefined
    // The end has been asked for; then a schema is announced, and a record with it arrives here.
    log.onRead = async () => {
      log.onRead = () => Promise.resolve()
      await topicSchemas({ driver: log.driver }).announce(schemaOf('B'))
      late = store.find(referenceTo(schemaOf('B')))
    }
    await expect(store.find(referenceTo(schemaOf('A')))).resolves.toBeNull()
    await expect(late).resolves.toEqual(schemaOf('B'))
  })

  it('that cannot be read leaves the answer open, and is read again the next time', async () => {
    const log = new Log()
    const store = topicSchemas({ driver: log.driver })
    log.failure = new Error('away')
    await expect(store.find(referenceTo(schemaOf('A')))).rejects.toThrow('away')
    await expect(store.announce(schemaOf('A'))).rejects.toThrow('away')
    log.failure = null
    await store.announce(schemaOf('A'))
    await expect(store.find(referenceTo(schemaOf('A')))).resolves.toEqual(schemaOf('A'))
  })

  it('refuses a schema that differs from one of its fingerprint in logical types', async () => {
    const log = new Log()
    await topicSchemas({ driver: log.driver }).announce(schemaOf('A'))
    await expect(topicSchemas({ driver: log.driver }).announce(schemaOf('A', 'timestamp-micros'))).rejects.toThrow(
      SchemaConflictError,
    )
    expect(log.appends).toBe(1)
  })

  it('refuses the second of two such schemas that were announced at the same time', async () => {
    const log = new Log()
    const late = topicSchemas({ driver: log.driver })
    log.onRead = async () => {
      log.onRead = () => Promise.resolve()
      await topicSchemas({ driver: log.driver }).announce(schemaOf('A'))
    }
    await expect(late.announce(schemaOf('A', 'timestamp-micros'))).rejects.toThrow(SchemaConflictError)
  })

  it('may hold records that are no schemas', async () => {
    const log = new Log()
    for (const value of [null, Buffer.from('{'), Buffer.from('5'), Buffer.from('{"type":"record"}')]) {
      log.append({ key: null, value, headers: [], timestamp: 0 })
    }
    const store = topicSchemas({ driver: log.driver })
    await store.announce(schemaOf('A'))
    await expect(store.find(referenceTo(schemaOf('A')))).resolves.toEqual(schemaOf('A'))
  })

  it('is read from its start when it was deleted and created anew', async () => {
    const log = new Log()
    const store = topicSchemas({ driver: log.driver })
    await store.announce(schemaOf('A'))
    await store.announce(schemaOf('B'))
    log.records.length = 0
    await topicSchemas({ driver: log.driver }).announce(schemaOf('C'))
    await expect(store.find(referenceTo(schemaOf('C')))).resolves.toEqual(schemaOf('C'))
  })

  it('knows nothing of registries, and closes what it opened', async () => {
    const log = new Log()
    const store = topicSchemas({ driver: log.driver })
    await expect(store.find({ kind: 'registry-id', id: 1 })).resolves.toBeNull()
    await store.announce(schemaOf('A'))
    await store.close()
    await store.close()
    expect(log.closed).toBe(2)
  })
})
