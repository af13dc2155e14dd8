/** Producers that begin, write, end, fall silent and take each other's place in any order: what the two kinds of readers see. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readAsClientsDo } from '../../test/support/committed-reader.ts'
import { recordBatch } from '../../test/support/record-batch.ts'
import { SystemClock } from '../cluster/clock.ts'
import { Cluster } from '../cluster/cluster.ts'
import { readHeader } from '../log/batch-header.ts'
import { logRecords } from '../log/log-records.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { recordsOf } from '../log/records.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import { MemoryStorage } from '../storage/memory-storage.ts'
import { admit } from './admission.ts'
import type { ProducerIdentity } from './producer-identity.ts'

const topic = 'orders'
const partitions = 2
const timeoutMs = 1_000

/** What the model knows of a transaction. */
interface Story {
  readonly startedAt: number
  outcome: 'open' | 'commit' | 'abort'
}

interface Producer {
  readonly identity: ProducerIdentity
  readonly nextSequences: Map<number, number>
  story: Story | undefined
}

type Command =
  | { readonly kind: 'begin'; readonly id: number }
  | { readonly kind: 'write' | 'late write'; readonly id: number; readonly partition: number }
  | { readonly kind: 'commit' | 'abort' | 'late commit'; readonly id: number }
  | { readonly kind: 'plain write'; readonly partition: number }
  | { readonly kind: 'wait'; readonly milliseconds: number }

const ids = fc.nat({ max: 2 })
const anyPartition = fc.nat({ max: partitions - 1 })
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin' as const), id: ids }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('write', 'write', 'write', 'late write'),
      id: ids,
      partition: anyPartition,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('commit', 'commit', 'abort', 'abort', 'late commit'), id: ids }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('plain write' as const), partition: anyPartition }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.constantFrom(300, 1_000) }),
  },
)

class World {
  readonly #cluster: Cluster
  readonly #clock: SystemClock
  readonly #isClassic: boolean
  readonly #producers = new Map<number, Producer>()
  readonly #replaced = new Map<number, Producer>()
  readonly #stories: Story[] = []
  /** Every record that was accepted, in the order of the log. */
  readonly #written: { value: string; story: Story | undefined }[][] = Array.from({ length: partitions }, () => [])
  #nextValue = 0

  constructor(cluster: Cluster, clock: SystemClock, isClassic: boolean) {
    this.#cluster = cluster
    this.#clock = clock
    this.#isClassic = isClassic
  }

  static async open(isClassic: boolean): Promise<World> {
    const clock = new SystemClock(Date.UTC(2026, 0, 1))
    const options = {
      autoCreateTopics: false,
      defaultPartitions: 1,
      defaultReplicationFactor: 1,
      groupInitialRebalanceDelayMs: 0,
      groupMinSessionTimeoutMs: 6_000,
      groupMaxSessionTimeoutMs: 60_000,
      consumerGroupHeartbeatIntervalMs: 5_000,
      consumerGroupSessionTimeoutMs: 45_000,
    }
    const brokers = [{ id: 0, host: '', port: 0, isUp: true }]
    const cluster = await Cluster.open(options, clock, brokers, { storage: new MemoryStorage(), warn: () => {} })
    cluster.createTopic(topic, { partitions, replicationFactor: 1, configs: new Map() })
    return new World(cluster, clock, isClassic)
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case 'begin':
        return this.#begin(command.id)
      case 'write':
        return this.#writeAs(this.#producers.get(command.id), command.id, command.partition)
      case 'late write':
        // Nothing that a producer writes whose place is taken is accepted, so the model does not hear of it.
        return this.#writeLate(command.id, command.partition)
      case 'commit':
      case 'abort':
        return this.#end(command.id, command.kind)
      case 'late commit':
        return this.#commitLate(command.id)
      case 'plain write':
        return this.#accepted(command.partition, recordBatch([{ value: this.#value() }]), undefined)
      case 'wait':
        await this.#clock.advance(command.milliseconds)
        for (const story of this.#stories)
          if (story.outcome === 'open' && story.startedAt + timeoutMs <= this.#clock.now()) story.outcome = 'abort'
    }
  }

  check(): void {
    for (let partition = 0; partition < partitions; partition++) {
      const log = this.#log(partition)
      const written = this.#written[partition] ?? []
      expect(uncommitted(log), 'all').toEqual(written.map(({ value }) => value))
      const firstOpen = written.findIndex(({ story }) => story?.outcome === 'open')
      const stable = firstOpen < 0 ? written : written.slice(0, firstOpen)
      const committed = stable.filter(({ story }) => story?.outcome !== 'abort').map(({ value }) => value)
      expect(
        readAsClientsDo(log).map(({ value }) => String(value)),
        'committed',
      ).toEqual(committed)
      expect(logRecords(log, 'read_committed').map(({ value }) => String(value))).toEqual(committed)
    }
  }

  #begin(id: number): void {
    const before = this.#producers.get(id)
    if (before) {
      this.#replaced.set(id, before)
      if (before.story?.outcome === 'open') before.story.outcome = 'abort'
    }
    let decision = this.#cluster.transactions.initialize(`id-${id}`, timeoutMs, undefined)
    if (decision === 'CONCURRENT_TRANSACTIONS')
      decision = this.#cluster.transactions.initialize(`id-${id}`, timeoutMs, undefined)
    if (typeof decision === 'string') throw new Error(decision)
    this.#producers.set(id, { identity: decision, nextSequences: new Map(), story: undefined })
  }

  #writeAs(producer: Producer | undefined, id: number, partition: number): void {
    if (!producer) return
    const isFenced = producer.story?.outcome === 'abort'
    const baseSequence = producer.nextSequences.get(partition) ?? 0
    const batch = this.#batch(producer, baseSequence)
    const fault = this.#admit(producer, id, partition, batch)
    expect(fault !== undefined, 'refused').toBe(isFenced)
    if (fault) return
    producer.story ??= this.#newStory()
    producer.nextSequences.set(partition, baseSequence + 1)
    this.#accepted(partition, batch, producer.story)
  }

  #writeLate(id: number, partition: number): void {
    const producer = this.#replaced.get(id)
    if (!producer) return
    const batch = this.#batch(producer, producer.nextSequences.get(partition) ?? 0)
    if (this.#admit(producer, id, partition, batch)) return
    expect(() => this.#append(partition, batch)).toThrow(RefusedBatch)
  }

  #end(id: number, outcome: 'commit' | 'abort'): void {
    const producer = this.#producers.get(id)
    if (!producer?.story) return
    const decision = this.#cluster.transactions.end(`id-${id}`, producer.identity, outcome, !this.#isClassic)
    // Where each has an epoch of its own, who aborts what was aborted by time is told so, as if it had asked before.
    const isLate = producer.story.outcome !== 'open' && (this.#isClassic || outcome === 'commit')
    expect(typeof decision === 'string', `${outcome}: ${String(decision)}`).toBe(isLate)
    if (typeof decision === 'string') return
    producer.story.outcome = outcome
    const nextSequences = this.#isClassic ? producer.nextSequences : new Map<number, number>()
    this.#producers.set(id, { identity: decision, nextSequences, story: undefined })
  }

  #commitLate(id: number): void {
    const producer = this.#replaced.get(id)
    if (!producer) return
    this.#cluster.transactions.end(`id-${id}`, producer.identity, 'commit', !this.#isClassic)
  }

  #newStory(): Story {
    const story: Story = { startedAt: this.#clock.now(), outcome: 'open' }
    this.#stories.push(story)
    return story
  }

  /** As a leader does before the first batch of a transaction. */
  #admit({ identity }: Producer, id: number, partition: number, batch: Buffer): string | undefined {
    const { transactions } = this.#cluster
    const place = { topic, partition }
    const fault = this.#isClassic ? transactions.add(`id-${id}`, identity, [place]) : undefined
    if (fault) return fault
    const write = this.#log(partition).transactionalWrite(readHeader(batch), !this.#isClassic, this.#clock.now())
    if (write === 'continues') return undefined
    if (write === 'is fenced') return 'INVALID_PRODUCER_EPOCH'
    return admit(transactions, `id-${id}`, identity, place, { addsPartitions: !this.#isClassic, knowsAbortable: true })
  }

  #batch({ identity }: Producer, baseSequence: number): Buffer {
    return recordBatch([{ value: this.#value() }], { attributes: 0x10, ...identity, baseSequence })
  }

  #value(): string {
    return `v${this.#nextValue++}`
  }

  #accepted(partition: number, batch: Buffer, story: Story | undefined): void {
    const value = String(recordsOf(batch)[0]?.value)
    this.#append(partition, batch)
    this.#written[partition]?.push({ value, story })
  }

  #append(partition: number, batch: Buffer): void {
    const {
      log,
      topic: of,
      leaderEpoch,
    } = this.#cluster.partition(topic, partition) as NonNullable<ReturnType<Cluster['partition']>>
    log.append(batch, leaderEpoch, of.config.batchRules, this.#clock.now())
  }

  #log(partition: number): PartitionLog {
    return (this.#cluster.partition(topic, partition) as NonNullable<ReturnType<Cluster['partition']>>).log
  }
}

function uncommitted(log: PartitionLog): string[] {
  return [...log.batches()]
    .filter(({ bytes }) => !readHeader(bytes).isControl)
    .flatMap(({ bytes }) => recordsOf(bytes).map(({ value }) => String(value)))
}

it.each([
  ['classic transactions', true],
  ['transactions with an epoch each', false],
] as const)(
  '%s: readers of committed records see exactly those, in order; the others see all',
  async (_name, isClassic) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const world = await World.open(isClassic)
        for (const each of commands) {
          await world.run(each)
          world.check()
        }
      }),
      { numRuns: 150 },
    )
  },
)
