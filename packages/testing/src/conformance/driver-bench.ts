import { randomBytes } from 'node:crypto'
import type {
  Driver,
  DriverAdmin,
  DriverConsumer,
  DriverProducer,
  GroupOptions,
  OutgoingRecord,
  RawHeader,
  RawRecord,
  TopicPartition,
} from '@tributary/event-bus'
import { Happenings } from '../clock/happenings.ts'
import { describeMemberEvent, type MemberEvent, type OwnershipLedger, RecordingListener } from './recording-listener.ts'

/**
 * What some clusters can do to themselves for a test:
 * - `expire-member`: end a member's session from outside;
 * - `truncate`: forget the start of a log;
 * - `remove-record`: leave a gap in a log, as compaction does;
 * - `notices-growth`: the driver sees new partitions of a topic within ten seconds.
 */
export type DriverFeature = 'expire-member' | 'truncate' | 'remove-record' | 'notices-growth'

/** A cluster under test and the way to it. */
export interface DriverHarness {
  /** A new, independent driver. The suite closes it. */
  driver(): Driver
  /** Ends the session of a member. Needed for `expire-member`. */
  expireMember?(group: string, memberId: string): Promise<void> | void
  /** Needed for `truncate`. */
  truncateBefore?(partition: TopicPartition, offset: bigint): Promise<void> | void
  /** Needed for `remove-record`. */
  removeRecord?(partition: TopicPartition, offset: bigint): Promise<void> | void
  close(): Promise<void>
}

export interface Member {
  readonly consumer: DriverConsumer
  readonly listener: RecordingListener
  readonly driver: Driver
  /** Leaves the group. */
  close(): Promise<void>
}

/** Deadline of the suite's appends, in milliseconds: generous, because a loaded machine is no fault of the driver. */
const APPEND_TIMEOUT_MS = 15_000

const GROUP_DEFAULTS = {
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 300,
  rebalanceTimeoutMs: 15_000,
  drainMs: 5_000,
  maxWaitMs: 500,
  maxBytes: 10_485_760,
  maxBytesPerPartition: 1_048_576,
} as const

/** What one conformance test works with: names of its own, clients that are closed afterwards, and the promises watched all the while. */
export class DriverBench {
  readonly harness: DriverHarness
  readonly #run = randomBytes(4).toString('hex')
  readonly #replicationFactor: number
  readonly #drivers: Driver[] = []
  readonly #members: Member[] = []
  readonly #ledgers = new Map<string, OwnershipLedger>()
  readonly #happenings = new Happenings<MemberEvent>(describeMemberEvent)
  #number = 0
  #shared: { driver: Driver; producer: DriverProducer; admin: DriverAdmin } | null = null

  constructor(harness: DriverHarness, replicationFactor: number) {
    this.harness = harness
    this.#replicationFactor = replicationFactor
  }

  /** A name that no other test and no other run uses. */
  name(kind: string): string {
    this.#number += 1
    return `conformance.${kind}-${this.#run}-${this.#number}`
  }

  driver(): Driver {
    const driver = this.harness.driver()
    this.#drivers.push(driver)
    return driver
  }

  get producer(): DriverProducer {
    return this.#own().producer
  }

  get admin(): DriverAdmin {
    return this.#own().admin
  }

  async topic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = this.name('topic')
    await this.admin.createTopics([{ topic, partitions, replicationFactor: this.#replicationFactor, configs }])
    return topic
  }

  /** Appends text records, one batch. */
  async append(topic: string, partition: number, ...values: string[]): Promise<bigint> {
    const records = values.map((value) => record({ value: Buffer.from(value) }))
    const { baseOffset } = await this.producer.append({ topic, partition }, records, { timeoutMs: APPEND_TIMEOUT_MS })
    return baseOffset
  }

  async log(topic: string, partition = 0): Promise<RawRecord[]> {
    const offsets = (await this.admin.offsets(topic)).find((candidate) => candidate.partition === partition)
    if (!offsets) throw new Error(`${topic} has no partition ${partition}`)
    const records: RawRecord[] = []
    for await (const chunk of this.admin.readRange(
      { topic, partition },
      offsets.logStartOffset,
      offsets.logEndOffset,
    )) {
      records.push(...chunk.records)
    }
    return records
  }

  /** Joins a group with a driver of its own; `prepare` sets the listener up before it hears anything. */
  join(
    group: string,
    topics: readonly string[],
    options: Partial<GroupOptions> & { readonly prepare?: (listener: RecordingListener) => void } = {},
  ): Member {
    const { prepare, ...overrides } = options
    const ledger = this.#ledgers.get(group) ?? new Map()
    this.#ledgers.set(group, ledger)
    const listener = new RecordingListener(`member ${this.#members.length + 1}`, ledger, this.#happenings)
    prepare?.(listener)
    const driver = this.driver()
    const consumer = driver.joinGroup(
      { clientId: listener.name.replace(' ', '-'), group, topics, ...GROUP_DEFAULTS, ...overrides },
      listener,
    )
    const member: Member = {
      consumer,
      listener,
      driver,
      async close() {
        // The coordinator may give the partitions to another member before this one hears that it has left.
        listener.leaving()
        await consumer.close()
        listener.left()
      },
    }
    this.#members.push(member)
    return member
  }

  /** Closes everything; returns the broken promises. */
  async close(): Promise<string[]> {
    await Promise.all(this.#members.map((member) => member.close()))
    await Promise.all(this.#drivers.map((driver) => driver.close()))
    return this.#members.flatMap(({ listener }) => listener.violations)
  }

  #own(): { producer: DriverProducer; admin: DriverAdmin } {
    if (!this.#shared) {
      const driver = this.driver()
      this.#shared = {
        driver,
        producer: driver.createProducer({ clientId: 'suite' }),
        admin: driver.createAdmin({ clientId: 'suite' }),
      }
    }
    return this.#shared
  }
}

export const appendOptions = { timeoutMs: APPEND_TIMEOUT_MS }

export function record(parts: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { key: null, value: null, headers: [], timestamp: Date.now(), ...parts }
}

/** A header for the log: text is encoded as UTF-8. */
export function header(name: string, value: string | Buffer | null): RawHeader {
  return [name, typeof value === 'string' ? Buffer.from(value) : value]
}

export function range(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}
