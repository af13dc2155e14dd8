/**
 * The schema topic: a compacted topic that holds every schema an event was ever written with, by fingerprint. Whoever reads events can read their schemas
 * from the same cluster, and needs no registry.
 */
import type { DriverAdmin, DriverProducer, OutgoingRecord, RawRecord, TopicSpec } from '../driver.ts'
import { guardedLogger, type Logger, silentLogger } from '../logger.ts'
import { identityOf, KnownSchemas } from './known-schemas.ts'
import type { AvroSchema, RecordSchema } from './schema.ts'
import type { SchemaStore } from './schema-store.ts'

export const SCHEMA_TOPIC = 'tributary.schemas'

/** How the schema topic is to be created: one partition, so that it has one order, and compacted, so that it keeps every schema for ever. */
export function schemaTopicSpec(
  options: { readonly topic?: string; readonly replicationFactor?: number } = {},
): TopicSpec {
  return {
    topic: options.topic ?? SCHEMA_TOPIC,
    partitions: 1,
    replicationFactor: options.replicationFactor ?? -1,
    configs: { 'cleanup.policy': 'compact' },
  }
}

/** The part of a driver that is needed. */
export interface SchemaTopicDriver {
  createProducer(options: { readonly clientId: string }): Pick<DriverProducer, 'append' | 'close'>
  createAdmin(options: { readonly clientId: string }): Pick<DriverAdmin, 'offsets' | 'readRange' | 'close'>
}

export interface SchemaTopicOptions {
  readonly driver: SchemaTopicDriver
  /** @defaultValue `tributary.schemas` */
  readonly topic?: string
  /** @defaultValue `tributary-schemas` */
  readonly clientId?: string
  /** How long announcing a schema may take, in milliseconds; publishing waits for it. @defaultValue 30,000 */
  readonly timeoutMs?: number
  readonly logger?: Logger
}

export interface TopicSchemaStore extends SchemaStore {
  /** Closes its connections. Idempotent. */
  close(): Promise<void>
}

/**
 * A store on the schema topic. `find` reads on to the topic's present end before it says that a schema is not known; `announce` appends a schema that the
 * topic does not hold yet. Nothing connects before the first of either.
 *
 * Both reject while the topic cannot be read or written, or does not exist.
 */
export function topicSchemas(options: SchemaTopicOptions): TopicSchemaStore {
  return new SchemaTopic(options)
}

class SchemaTopic implements TopicSchemaStore {
  readonly #options: SchemaTopicOptions
  readonly #topic: string
  readonly #logger: Logger
  readonly #known = new KnownSchemas()
  readonly #announced = new Map<bigint, Promise<void>>()
  #position = 0n
  #reading: Promise<void> | null = null
  #readingAgain: Promise<void> | null = null
  #admin: ReturnType<SchemaTopicDriver['createAdmin']> | null = null
  #producer: ReturnType<SchemaTopicDriver['createProducer']> | null = null

  constructor(options: SchemaTopicOptions) {
    this.#options = options
    this.#topic = options.topic ?? SCHEMA_TOPIC
    this.#logger = guardedLogger(options.logger ?? silentLogger)
  }

  async find(reference: Parameters<SchemaStore['find']>[0]): Promise<AvroSchema | null> {
    if (reference.kind !== 'fingerprint') return null
    const known = this.#known.find(reference.fingerprint)
    if (known !== null) return known
    await this.#readToEnd()
    return this.#known.find(reference.fingerprint)
  }

  announce(schema: RecordSchema): Promise<void> {
    const { fingerprint } = identityOf(schema)
    const earlier = this.#announced.get(fingerprint)
    if (earlier !== undefined) return earlier
    const announced = this.#announce(schema, fingerprint)
    this.#announced.set(fingerprint, announced)
    // A failure is for those who wait for it now; the next to ask tries again.
    announced.catch(() => this.#announced.delete(fingerprint))
    return announced
  }

  async close(): Promise<void> {
    const [admin, producer] = [this.#admin, this.#producer]
    this.#admin = null
    this.#producer = null
    await Promise.all([admin?.close(), producer?.close()])
  }

  async #announce(schema: RecordSchema, fingerprint: bigint): Promise<void> {
    if (this.#known.has(schema)) return
    await this.#readToEnd()
    if (this.#known.has(schema)) return
    this.#producer ??= this.#options.driver.createProducer({ clientId: this.#clientId })
    const partition = { topic: this.#topic, partition: 0 }
    await this.#producer.append(partition, [schemaRecord(schema, fingerprint)], {
      timeoutMs: this.#options.timeoutMs ?? 30_000,
    })
    // Another process may have announced a schema of the same fingerprint at the same time. Whoever came second sees the first one here.
    await this.#readToEnd()
    this.#known.has(schema)
  }

  /** Resolves when everything has been read that was on the topic at the time of the call. */
  #readToEnd(): Promise<void> {
    if (this.#reading === null) {
      this.#reading = this.#read().finally(() => {
        this.#reading = null
      })
      return this.#reading
    }
    // A read that is under way may have asked for the end before this call. All who come meanwhile share the one that follows it.
    this.#readingAgain ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#readingAgain = null
        return this.#readToEnd()
      })
    return this.#readingAgain
  }

  async #read(): Promise<void> {
    this.#admin ??= this.#options.driver.createAdmin({ clientId: this.#clientId })
    const admin = this.#admin
    const [bounds] = await admin.offsets(this.#topic)
    if (bounds === undefined) return
    // Outside the log: nothing was read yet, or the topic was deleted and created anew.
    if (this.#position < bounds.logStartOffset || this.#position > bounds.logEndOffset)
      this.#position = bounds.logStartOffset
    const partition = { topic: this.#topic, partition: 0 }
    for await (const chunk of admin.readRange(partition, this.#position, bounds.logEndOffset)) {
      for (const record of chunk.records) this.#take(record)
      this.#position = chunk.nextPosition
    }
  }

  #take(record: RawRecord): void {
    // A tombstone takes nothing back: there may still be events with the schema.
    if (record.value === null) return
    try {
      this.#known.add(JSON.parse(record.value.toString('utf8')))
    } catch (error) {
      this.#logger.warn(
        { topic: this.#topic, recordOffset: record.offset, err: error },
        'a record of the schema topic is not a schema and was passed over',
      )
    }
  }

  get #clientId(): string {
    return this.#options.clientId ?? 'tributary-schemas'
  }
}

function schemaRecord(schema: RecordSchema, fingerprint: bigint): OutgoingRecord {
  return {
    key: Buffer.from(fingerprint.toString(16).padStart(16, '0')),
    value: Buffer.from(JSON.stringify(schema)),
    headers: [['content-type', Buffer.from('application/json')]],
    timestamp: Date.now(),
  }
}
