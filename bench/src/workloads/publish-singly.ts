import { keysOf } from '../orders/keys.ts'
import { latenciesOf } from './meter.ts'
import { publishAll, withWarmUp } from './publishing.ts'
import type { Size, Workload } from './workload.ts'

const awaited = { smoke: 300, quick: 2_000, full: 4_000 }
const AWAITED_PIECE = 100
const CALLERS = 4_000
const bursts = { smoke: 1, quick: 6, full: 12 }

/** P2: one order at a time, each awaited. */
export function publishOneByOne(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 1_000 }, withWarmUp(awaited[size]))
  return {
    id: 'P2',
    title: 'publish one order at a time, each awaited',
    work: 'calls',
    reading: 'latency',
    partitions: 6,
    keys,
    topic: 'empty',
    run: (contender, job) =>
      publishAll(contender, job, { keys, records: awaited[size], piece: AWAITED_PIECE }, async (publisher, orders) => {
        const took = new Float64Array(orders.length)
        for (const [index, order] of orders.entries()) {
          const startedAt = performance.now()
          await publisher.publish(order)
          took[index] = performance.now() - startedAt
        }
        return latenciesOf(took)
      }),
  }
}

/** P3: a burst of callers, each with one order of a key of its own. */
export function publishFromManyCallers(size: Size): Workload {
  const keys = keysOf({ kind: 'distinct' }, withWarmUp(CALLERS * bursts[size]))
  return {
    id: 'P3',
    title: `${CALLERS.toLocaleString('en')} callers at a time, one order each`,
    work: 'calls',
    reading: 'rate',
    partitions: 6,
    keys,
    topic: 'empty',
    run: (contender, job) =>
      publishAll(
        contender,
        job,
        { keys, records: CALLERS * bursts[size], piece: CALLERS },
        async (publisher, orders) => {
          for (let from = 0; from < orders.length; from += CALLERS) {
            await Promise.all(orders.slice(from, from + CALLERS).map((order) => publisher.publish(order)))
          }
          return undefined
        },
      ),
  }
}
