import { keysOf } from '../orders/keys.ts'
import { publishAll } from './publishing.ts'
import type { Size, Workload } from './workload.ts'

const records = { smoke: 4_000, quick: 110_000, full: 220_000 }
const CALL_RECORDS = 500
/** Calls under way at a time, as from a service that handles several requests. */
const CALLERS = 5

/** P1: lists of orders, several callers. */
export function publishBatches(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 10_000 }, records[size])
  return {
    id: 'P1',
    title: `publish ${CALL_RECORDS} orders a call, ${CALLERS} callers, 6 partitions, acks=all`,
    work: 'batches',
    reading: 'rate',
    partitions: 6,
    keys,
    topic: 'empty',
    run: (contender, job) =>
      publishAll(contender, job, { keys, warmUp: keys.length / 11 }, async (publisher, orders) => {
        const caller = async (_: unknown, number: number): Promise<void> => {
          // Each has keys of its own: the order of calls that do not wait for each other is promised by nobody.
          const own = orders.filter(({ key }) => Number(key.at(-1)) % CALLERS === number)
          for (let from = 0; from < own.length; from += CALL_RECORDS) {
            await publisher.publishMany(own.slice(from, from + CALL_RECORDS))
          }
        }
        await Promise.all(Array.from({ length: CALLERS }, caller))
        return undefined
      }),
  }
}
