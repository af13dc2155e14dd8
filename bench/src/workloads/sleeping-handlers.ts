import { keysOf, type SharedKeys } from '../orders/keys.ts'
import { consumeAll } from './consuming.ts'
import { type Sleep, sleepMs } from './sleep.ts'
import type { Size, Workload } from './workload.ts'

const CONCURRENCY = 100
/** Long enough for every contender to settle into its pace; the slow ones are measured by what they did until then. */
const capMs = { smoke: 10_000, quick: 3_000, full: 4_000 }

/** C2: one partition, handlers that wait 0 to 5 ms, and as few keys as make order hurt. */
export function fewKeys(size: Size): readonly Workload[] {
  return [
    sleeping('C2-10000', size, { kind: 'uniform', keys: 10_000 }, 10_000, 1, '0-5'),
    sleeping('C2-100', size, { kind: 'uniform', keys: 100 }, 10_000, 1, '0-5'),
    sleeping('C2-10', size, { kind: 'uniform', keys: 10 }, 10_000, 1, '0-5'),
    sleeping('C2-1', size, { kind: 'uniform', keys: 1 }, 1_000, 1, '0-5'),
    sleeping('C2-100k', size, { kind: 'uniform', keys: 100_000 }, 100_000, 1, '0-5'),
  ]
}

/** C3: eight partitions, keys of which a few have most of the records. */
export function skewedKeys(size: Size): readonly Workload[] {
  return [
    sleeping('C3-1ms', size, { kind: 'zipf', keys: 1_000 }, 20_000, 8, 1),
    sleeping('C3-10ms', size, { kind: 'zipf', keys: 1_000 }, 2_000, 8, 10),
  ]
}

function sleeping(
  id: string,
  size: Size,
  plan: SharedKeys,
  records: number,
  partitions: number,
  sleep: Sleep,
): Workload {
  const keys = keysOf(plan, size === 'smoke' ? Math.min(500, records) : records)
  const waits = `handlers wait ${sleep === '0-5' ? '0 to 5' : sleep} ms`
  const count = (number: number): string => number.toLocaleString('en')
  return {
    id,
    title: `${count(keys.length)} records, ${count(plan.keys)} ${plan.kind} keys, ${partitions} partition${partitions === 1 ? '' : 's'}, ${waits}, concurrency ${CONCURRENCY}`,
    work: partitions === 1 ? 'waits' : 'skew',
    reading: 'time',
    partitions,
    keys,
    topic: 'filled',
    floorMs: floorOf(keys, sleep),
    run: (contender, job) => consumeAll(contender, job, { keys, concurrency: CONCURRENCY, sleep, capMs: capMs[size] }),
  }
}

/** Nobody can be faster than the sleeps of the hottest key one after the other, or all sleeps shared out over the slots. */
function floorOf(keys: Int32Array, sleep: Sleep): number {
  const ofKey = new Map<number, number>()
  let all = 0
  for (const [sequence, key] of keys.entries()) {
    all += sleepMs(sleep, sequence)
    ofKey.set(key, (ofKey.get(key) ?? 0) + sleepMs(sleep, sequence))
  }
  return Math.max(all / CONCURRENCY, ...new Set(ofKey.values()))
}
