import type { OrderPublisher } from '../contenders/contender.ts'
import { keysOf } from '../orders/keys.ts'
import type { PreparedOrder } from '../orders/order.ts'
import { publishAll, withWarmUp } from './publishing.ts'
import type { Size, Workload } from './workload.ts'

const records = { smoke: 3_000, quick: 100_000, full: 200_000 }
const CALL_RECORDS = 500
/** Calls under way at a time, as from a service that handles several requests. */
const CALLERS = 5
const WARM_UP_CALLS = 2

/** P1: lists of orders, several callers. */
export function publishBatches(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 10_000 }, withWarmUp(records[size]))
  return {
    id: 'P1',
    title: `publish ${CALL_RECORDS} orders a call, ${CALLERS} callers, 6 partitions, acks=all`,
    work: 'batches',
    reading: 'rate',
    partitions: 6,
    keys,
    topic: 'empty',
    run: (contender, job) =>
      publishAll(
        contender,
        job,
        { keys, records: records[size], piece: WARM_UP_CALLS * CALLERS * CALL_RECORDS },
        publishLists,
      ),
  }
}

async function publishLists(publisher: OrderPublisher, orders: readonly PreparedOrder[]): Promise<undefined> {
  const caller = async (_: unknown, number: number): Promise<void> => {
    // Each has keys of its own: the order of calls that do not wait for each other is promised by nobody.
    const own = orders.filter(({ key }) => Number(key.at(-1)) % CALLERS === number)
    for (let from = 0; from < own.length; from += CALL_RECORDS) {
      await publisher.publishMany(own.slice(from, from + CALL_RECORDS))
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}
