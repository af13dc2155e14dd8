/** What the consuming workloads share: every order is booked when its handler starts, and the clock runs from the first order to the last one's end. */
import type { Contender } from '../contenders/contender.ts'
import { Ledger } from '../orders/ledger.ts'
import { isSameOrder } from '../orders/same-order.ts'
import { Meter } from './meter.ts'
import type { Job, Measured } from './workload.ts'

export interface ConsumingPlan {
  readonly keys: Int32Array
  readonly concurrency: number
  /** How long the handler of each order waits, in milliseconds; without it handlers do nothing. */
  readonly sleepMs?: (sequence: number) => number
  /** Who takes longer is stopped. */
  readonly capMs: number
}

export async function consumeAll(contender: Contender, job: Job, plan: ConsumingPlan): Promise<Measured> {
  if (contender.consume === undefined) throw new Error(`${job.contender} does not consume`)
  const { keys, concurrency, sleepMs, capMs } = plan
  const ledger = new Ledger(keys, isSameOrder)
  const meter = new Meter()
  let ended = 0
  let isStarted = false
  let finish: (() => void) | undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const end = (): void => {
    ended += 1
    if (ended >= keys.length && ledger.isComplete) finish?.()
  }
  const begin = (sequence: number, content: unknown): void => {
    if (!isStarted) {
      isStarted = true
      meter.start()
    }
    ledger.book(sequence, content)
  }
  const handle = sleepMs === undefined ? awake(begin, end) : sleeping(begin, end, sleepMs)
  const cap = setTimeout(() => finish?.(), capMs)
  const consumer = await contender.consume({ ...job, concurrency }, handle)
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

function sleeping(begin: Begin, end: () => void, sleepMs: (sequence: number) => number) {
  return (sequence: number, content: unknown): Promise<void> => {
    begin(sequence, content)
    return new Promise((resolve) => {
      setTimeout(() => {
        end()
        resolve()
      }, sleepMs(sequence))
    })
  }
}
