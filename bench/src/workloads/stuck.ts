import { Partitioners } from 'kafkajs'
import type { Contender } from '../contenders/contender.ts'
import { keysOf } from '../orders/keys.ts'
import { keyText } from '../orders/order.ts'
import { Meter } from './meter.ts'
import type { Job, Measured, Size, Workload } from './workload.ts'

type Trouble = 'nothing' | 'key' | 'partition' | 'poison'

const PARTITIONS = 8
const HANDLER_MS = 10
const CONCURRENCY = 100
const STUCK_KEY = 1
const STUCK_PARTITION = 0
const POISON_EVERY = 100
const lengths = {
  smoke: { records: 4_000, settleMs: 200, windowMs: 500 },
  quick: { records: 60_000, settleMs: 1_500, windowMs: 3_000 },
  full: { records: 100_000, settleMs: 2_000, windowMs: 6_000 },
}

/** S1: handlers of 10 ms go on while those of one key or of one partition never end, or one record in a hundred fails at every attempt. */
export function besideTrouble(size: Size): readonly Workload[] {
  return (['nothing', 'key', 'partition', 'poison'] as const).map((trouble) => withTrouble(size, trouble))
}

function withTrouble(size: Size, trouble: Trouble): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 10_000 }, lengths[size].records)
  const isTroubled = troubled(trouble, keys)
  return {
    id: `S1-${trouble}`,
    title: `handlers of ${HANDLER_MS} ms, ${PARTITIONS} partitions, concurrency ${CONCURRENCY}; in trouble: ${trouble}`,
    work: 'stuck',
    reading: 'rate',
    partitions: PARTITIONS,
    keys,
    topic: 'filled',
    countedShare: keys.filter((_, sequence) => !isTroubled(sequence)).length / keys.length,
    run: (contender, job) => countRest(contender, job, size, trouble, isTroubled),
  }
}

/** Which orders do not count, because they are in trouble themselves. */
function troubled(trouble: Trouble, keys: Int32Array): (sequence: number) => boolean {
  if (trouble === 'nothing') return () => false
  if (trouble === 'poison') return (sequence) => sequence % POISON_EVERY === 0
  if (trouble === 'key') return (sequence) => keys[sequence] === STUCK_KEY
  const stuckKeys = new Set(Array.from(new Set(keys)).filter((key) => partitionOf(key) === STUCK_PARTITION))
  return (sequence) => stuckKeys.has(keys[sequence] ?? -1)
}

const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 1,
  replicas: [],
  isr: [],
}))

function partitionOf(key: number): number {
  const message = { key: keyText(key), value: null }
  return Partitioners.DefaultPartitioner()({ topic: '', partitionMetadata, message })
}

async function countRest(
  { consume }: Contender,
  job: Job,
  size: Size,
  trouble: Trouble,
  isTroubled: (sequence: number) => boolean,
): Promise<Measured> {
  if (consume === undefined) throw new Error(`${job.contender} does not consume`)
  const { settleMs, windowMs } = lengths[size]
  let handled = 0
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const consumer = await consume({ ...job, concurrency: CONCURRENCY }, async (sequence) => {
    begin()
    if (isTroubled(sequence)) return inTrouble(trouble)
    await after(HANDLER_MS)
    handled += 1
  })
  await begun
  await after(settleMs)
  const meter = new Meter()
  const before = handled
  await after(windowMs)
  const usage = meter.read()
  const records = handled - before
  // What hangs would keep the consumer waiting for as long as it may: the process ends instead.
  void consumer.close()
  return { ...usage, records }
}

function inTrouble(trouble: Trouble): Promise<void> {
  if (trouble === 'poison') throw new Error('poison')
  return new Promise(() => {})
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
