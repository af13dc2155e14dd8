import { keysOf } from '../orders/keys.ts'
import { publishAll } from './publishing.ts'
import type { Size, Workload } from './workload.ts'

const records = { smoke: 4_000, quick: 110_000, full: 220_000 }
const CALL_RECORDS = 500
/** Calls under way at a time, as from a service that handles several requests. */
const CALLERS = 4

/** P1: lists of orders, several callers. */
export function publishBatches(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 10_000 }, records[size])
  return {
    id: 'P1',
    title: `publish ${CALL_RECORDS} orders a call, ${CALLERS} callers, 6 partitions, acks=all`,
    reading: 'rate',
    partitions: 6,
    keys,
    topic: 'empty',
    isFor: ({ openPublisher }) => openPublisher !== undefined,
    run: (contender, job) =>
      publishAll(contender, job, { keys, warmUp: keys.length / 11 }, async (publisher, orders) => {
        let next = 0
        const caller = async (): Promise<void> => {
          while (next < orders.length) {
            const call = orders.slice(next, next + CALL_RECORDS)
            next += CALL_RECORDS
            await publisher.publishMany(call)
          }
        }
        await Promise.all(Array.from({ length: CALLERS }, caller))
        return undefined
      }),
  }
}
