/**
 * What the consuming workloads share: every order is booked when its handler starts, and the clock runs from the first order to the last one's end. Before
 * that everybody consumes the same topic in other groups: whoever is measured joins anew, so that nothing was fetched ahead of the clock.
 */
import type { Contender } from '../contenders/contender.ts'
import { Ledger } from '../orders/ledger.ts'
import { isSameOrder } from '../orders/same-order.ts'
import { Meter } from './meter.ts'
import { type Sleep, sleepMs } from './sleep.ts'
import { warmUpMs } from './warm-up.ts'
import type { Job, Measured } from './workload.ts'

export interface ConsumingPlan {
  readonly keys: Int32Array
  readonly concurrency: number
  readonly sleep: Sleep
  /** Who takes longer is stopped. Counts from the first order. */
  readonly capMs: number
}

export async function consumeAll(contender: Contender, job: Job, plan: ConsumingPlan): Promise<Measured> {
  if (contender.consumeElsewhere !== undefined) return contender.consumeElsewhere(job, plan)
  for (let leftMs = warmUpMs[job.size], pass = 1; leftMs > 0; pass += 1) {
    const group = `${job.group}-warm-up-${pass}`
    const { elapsedMs, isCapped } = await consumeOnce(contender, { ...job, group }, { ...plan, capMs: leftMs })
    leftMs = isCapped === true ? 0 : leftMs - elapsedMs
  }
  return consumeOnce(contender, job, plan)
}

async function consumeOnce({ consume }: Contender, job: Job, plan: ConsumingPlan): Promise<Measured> {
  if (consume === undefined) throw new Error(`${job.contender} does not consume`)
  const { keys, concurrency, sleep, capMs } = plan
  const ledger = new Ledger(keys, isSameOrder)
  const meter = new Meter()
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  let ended = 0
  let cap: NodeJS.Timeout | undefined
  const end = (): void => {
    ended += 1
    if (ended >= keys.length && ledger.isComplete) finish()
  }
  const begin = (sequence: number, content: unknown): void => {
    if (cap === undefined) {
      cap = setTimeout(finish, capMs)
      meter.start()
    }
    ledger.book(sequence, content)
  }
  const handle = sleep === 'none' ? awake(begin, end) : sleeping(begin, end, sleep)
  const consumer = await consume({ ...job, concurrency }, handle)
  await finished
  const usage = meter.read()
  clearTimeout(cap)
  const isCapped = !ledger.isComplete
  const handled = ledger.verdict(isCapped ? ledger.distinct : undefined)
  await consumer.close()
  return { ...usage, records: ended, handled, ...(isCapped && { isCapped }) }
}

type Begin = (sequence: number, content: unknown) => void

function awake(begin: Begin, end: () => void) {
  return (sequence: number, content: unknown): void => {
    begin(sequence, content)
    end()
  }
}

function sleeping(begin: Begin, end: () => void, sleep: Sleep) {
  return (sequence: number, content: unknown): Promise<void> => {
    begin(sequence, content)
    return new Promise((resolve) => {
      const wake = (): void => {
        end()
        resolve()
      }
      const ms = sleepMs(sleep, sequence)
      // Node makes a timer of 1 ms out of one of 0.
      if (ms === 0) wake()
      else setTimeout(wake, ms)
    })
  }
}
