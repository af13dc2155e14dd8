/** What producers do, right and wrong. */
import fc from 'fast-check'
import { partitions, plainPartition, producerCount } from './stage.ts'
import { mostly, type Step, stepOf } from './step.ts'

/** Near now: Kafka refuses what is an hour ahead, and retention would remove what is old. A minute behind it, so that markers are later. */
const newestTimestamp = Date.now() - 60_000

export const anyProducer: fc.Arbitrary<number> = fc.integer({ min: 0, max: producerCount - 1 })
const partition = fc.integer({ min: 0, max: partitions - 1 })
export const epochShift: fc.Arbitrary<number> = mostly(fc.constant(0), -1, 1)

const record = fc.record(
  {
    value: fc.integer({ min: 0, max: 60 }).map((length) => 'v'.repeat(length)),
    timestamp: fc.integer({ min: 0, max: 30 }).map((seconds) => newestTimestamp - seconds * 1_000),
  },
  { noNullPrototype: true },
)
const records = fc.array(record, { minLength: 1, maxLength: 3 })

export const timestamps: fc.Arbitrary<bigint> = fc
  .integer({ min: -2, max: 32 })
  .map((seconds) => BigInt(newestTimestamp - seconds * 1_000))

const write = stepOf(
  'write',
  {
    index: anyProducer,
    partition,
    records,
    sequenceShift: mostly(fc.constant(0), -2, -1, 1, 3),
    epochShift,
    isInTransaction: mostly(fc.constant(true), false),
  },
  async (stage, what, { index, ...write }) => {
    const producer = stage.producer(index)
    const isElsewhere = producer.isTransactional && write.partition === plainPartition
    await producer.write(what, isElsewhere ? { ...write, partition: 0 } : write)
  },
)

const repeat = stepOf(
  'repeat',
  { index: anyProducer, partition, before: fc.integer({ min: 0, max: 6 }) },
  (stage, what, { index, partition, before }) => stage.producer(index).repeat(what, partition, before),
)

export const initialize: fc.Arbitrary<Step> = stepOf(
  'initialize',
  { index: anyProducer, isRecovery: fc.boolean() },
  (stage, what, { index, isRecovery }) => stage.producer(index).initialize(what, isRecovery),
)

const add = stepOf(
  'add',
  { index: anyProducer, added: fc.subarray([0, 1], { minLength: 1 }), epochShift },
  async (stage, what, { index, added, epochShift }) => {
    const producer = stage.producer(index)
    if (producer.kind === 'classic') await producer.add(what, added, epochShift)
  },
)

export const end: fc.Arbitrary<Step> = stepOf(
  'end',
  { index: anyProducer, committed: fc.boolean(), epochShift },
  async (stage, what, { index, committed, epochShift }) => {
    const producer = stage.producer(index)
    if (producer.isTransactional) await producer.end(what, committed, epochShift)
  },
)

const describe = stepOf('describe transaction', { index: anyProducer }, async (stage, what, { index }) => {
  const producer = stage.producer(index)
  if (producer.isTransactional) await producer.describe(what)
})

export const producerSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: write },
  { weight: 2, arbitrary: repeat },
  { weight: 1, arbitrary: initialize },
  { weight: 4, arbitrary: add },
  { weight: 4, arbitrary: end },
  { weight: 1, arbitrary: describe },
)
