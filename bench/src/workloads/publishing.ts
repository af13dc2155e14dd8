/** What the publishing workloads share: a warm-up that is verified and not measured, and orders that are made before the clock starts. */
import type { Contender, OrderPublisher } from '../contenders/contender.ts'
import { type PreparedOrder, prepareOrder } from '../orders/order.ts'
import { Meter } from './meter.ts'
import type { Job, Latencies, Measured } from './workload.ts'

export interface PublishingPlan {
  readonly keys: Int32Array
  /** Records before the clock starts: connections, metadata, compiled code. */
  readonly warmUp: number
}

export async function publishAll(
  contender: Contender,
  job: Job,
  { keys, warmUp }: PublishingPlan,
  publish: (publisher: OrderPublisher, orders: readonly PreparedOrder[]) => Promise<Latencies | undefined>,
): Promise<Measured> {
  if (contender.openPublisher === undefined) throw new Error(`${job.contender} does not publish`)
  const orders = Array.from(keys, (key, sequence) => prepareOrder(sequence, key))
  const publisher = await contender.openPublisher(job)
  await publish(publisher, orders.slice(0, warmUp))
  const measured = orders.slice(warmUp)
  const meter = new Meter()
  const latencyMs = await publish(publisher, measured)
  const usage = meter.read()
  await publisher.close()
  return { ...usage, records: measured.length, published: orders.length, ...(latencyMs && { latencyMs }) }
}
