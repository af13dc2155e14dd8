/** What the publishing workloads share: a warm-up that is verified and not measured, and orders that are made before the clock starts. */
import type { Contender, OrderPublisher } from '../contenders/contender.ts'
import { type PreparedOrder, prepareOrder } from '../orders/order.ts'
import { Meter } from './meter.ts'
import { warmUpMs } from './warm-up.ts'
import type { Job, Latencies, Measured } from './workload.ts'

export interface PublishingPlan {
  /** Of the measured orders, and of as many as may come before them while it warms up. */
  readonly keys: Int32Array
  /** How many orders are measured. */
  readonly records: number
  /** Orders to warm up with at a time: so many more, until there has been enough of it. */
  readonly piece: number
}

/** The warm-up has at most so many times the orders that are measured. */
const MOST_WARM_UP = 2

/** How many orders a workload needs keys for. */
export function withWarmUp(records: number): number {
  return records * (1 + MOST_WARM_UP)
}

type Publish = (publisher: OrderPublisher, orders: readonly PreparedOrder[]) => Promise<Latencies | undefined>

export async function publishAll(
  contender: Contender,
  job: Job,
  plan: PublishingPlan,
  publish: Publish,
): Promise<Measured> {
  if (contender.openPublisher === undefined) throw new Error(`${job.contender} does not publish`)
  const publisher = await contender.openPublisher(job)
  const warm = await warmUp(publisher, job, plan, publish)
  const orders = prepare(plan.keys, warm, plan.records)
  const meter = new Meter()
  const latencyMs = await publish(publisher, orders)
  const usage = meter.read()
  await publisher.close()
  return { ...usage, records: orders.length, published: warm + orders.length, ...(latencyMs && { latencyMs }) }
}

/** How many orders it took. */
async function warmUp(
  publisher: OrderPublisher,
  job: Job,
  { keys, records, piece }: PublishingPlan,
  publish: Publish,
): Promise<number> {
  const startedAt = performance.now()
  let warm = 0
  while (performance.now() - startedAt < warmUpMs[job.size] && warm + piece + records <= keys.length) {
    await publish(publisher, prepare(keys, warm, piece))
    warm += piece
  }
  return warm
}

function prepare(keys: Int32Array, from: number, count: number): PreparedOrder[] {
  return Array.from(keys.subarray(from, from + count), (key, index) => prepareOrder(from + index, key))
}
