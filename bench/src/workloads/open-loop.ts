import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contenders/contender.ts'
import { keysOf } from '../orders/keys.ts'
import { Ledger } from '../orders/ledger.ts'
import { prepareOrder } from '../orders/order.ts'
import { isSameOrder } from '../orders/same-order.ts'
import { latenciesOf, Meter } from './meter.ts'
import { warmUpMs } from './warm-up.ts'
import type { Job, Measured, Size, Workload } from './workload.ts'

const records = { smoke: 600, quick: 4_000, full: 6_000 }
const RATE_PER_MS = 1
const CAP_MS = 60_000

/** L1: a thousand orders a second whatever happens, from the call to publish to the start of the handler, in one process. */
export function openLoop(size: Size): Workload {
  const keys = keysOf({ kind: 'uniform', keys: 1_000 }, records[size])
  return {
    id: 'L1',
    title: '1,000 orders a second, from publish to handler, publisher and consumer in one process',
    work: 'flow',
    reading: 'latency',
    partitions: 6,
    keys,
    topic: 'empty',
    run: (contender, job) => flow(contender, job, keys),
  }
}

async function flow({ openPublisher, consume }: Contender, job: Job, keys: Int32Array): Promise<Measured> {
  if (openPublisher === undefined || consume === undefined) throw new Error(`${job.contender} does not do both`)
  const orders = Array.from(keys, (key, sequence) => prepareOrder(sequence, key))
  // Settles connections, the group and compiled code. The orders go on coming while it ends: nothing is begun anew here.
  const warmUp = Math.floor(warmUpMs[job.size] * RATE_PER_MS)
  const publishedAt = new Float64Array(keys.length)
  const took = new Float64Array(keys.length)
  const ledger = new Ledger(keys, isSameOrder)
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const consumer = await consume({ ...job, concurrency: 100 }, (sequence, content) => {
    took[sequence] = performance.now() - (publishedAt[sequence] ?? 0)
    ledger.book(sequence, content)
    if (ledger.isComplete) finish()
  })
  const publisher = await openPublisher(job)
  const cap = setTimeout(finish, CAP_MS)
  const meter = new Meter()
  const answers: Promise<unknown>[] = []
  const startedAt = performance.now()
  for (let next = 0; next < orders.length; ) {
    const due = Math.min(orders.length, Math.floor((performance.now() - startedAt) * RATE_PER_MS))
    for (; next < due; next += 1) {
      const order = orders[next]
      if (order === undefined) break
      publishedAt[next] = performance.now()
      answers.push(publisher.publish(order))
    }
    await sleep(1)
  }
  await Promise.all(answers)
  await finished
  clearTimeout(cap)
  const usage = meter.read()
  const handled = ledger.verdict()
  await Promise.all([consumer.close(), publisher.close()])
  return { ...usage, records: keys.length, handled, latencyMs: latenciesOf(took.subarray(warmUp)) }
}
