import { keysOf } from '../orders/keys.ts'
import { consumeAll } from './consuming.ts'
import type { Size, Workload } from './workload.ts'

const records = { smoke: 4_000, quick: 200_000, full: 600_000 }
/** Several times what most need; the slow ones are measured by what they did until then. */
const CAP_MS = { smoke: 60_000, quick: 8_000, full: 8_000 }

/** C1, and with its peak memory O1: read everything there is, with handlers that do nothing. */
export function drain(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 10_000 }, records[size])
  return {
    id: 'C1',
    title: `drain ${keys.length.toLocaleString('en')} records, 6 partitions, no work in the handler`,
    work: 'drain',
    reading: 'rate',
    partitions: 6,
    keys,
    topic: 'filled',
    run: (contender, job) => consumeAll(contender, job, { keys, concurrency: 100, sleep: 'none', capMs: CAP_MS[size] }),
  }
}
