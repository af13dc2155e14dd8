import { stagedFaults } from './faults/faults.ts'
import { type FaultSchedule, faultSchedule } from './faults/schedule.ts'
import { type Placement, placeOrders } from './load/place-orders.ts'
import type { Scenario } from './orders/source-order.ts'
import type { PoisonRecord } from './reconcile/reconcile.ts'
import type { Progress } from './report/progress.ts'
import type { Stage } from './stage/stage.ts'

export interface PlayOptions {
  readonly stage: Stage
  readonly scenario: Scenario
  readonly progress: Progress
  /** Each order is placed only when the one before has been decided. */
  readonly sequential: boolean
  readonly withFaults: boolean
  readonly signal: AbortSignal
}

export interface Played {
  readonly placements: readonly Placement[]
  readonly poison: readonly PoisonRecord[]
  readonly requestToMailMs: readonly number[]
  /** From the first request to the last mail. */
  readonly tookMs: number
}

const requestsAtOnce = 16
/** How long the last mail may take after the last order was placed: longer than every fault and every lease together. */
const quietWithinMs = 120_000

/** Stocks the shelves, places the orders, lets things go wrong, and waits until every accepted order has its mail. */
export async function play(options: PlayOptions): Promise<Played> {
  const { stage, scenario, progress, withFaults } = options
  await stockShelves(stage, scenario)
  const { faults, poison } = stagedFaults(stage, progress)
  const schedule = faultSchedule(withFaults ? faults : [], scenario.orders.length)
  try {
    return await placeAndAwait(options, schedule, withFaults ? poison : [])
  } finally {
    await schedule.over()
  }
}

async function placeAndAwait(
  { stage, scenario, progress, sequential, signal }: PlayOptions,
  schedule: FaultSchedule,
  poison: readonly PoisonRecord[],
): Promise<Played> {
  const total = scenario.orders.length
  const mailed: Promise<number>[] = []
  let placed = 0
  let mails = 0
  const startedAt = performance.now()

  const placements = await placeOrders(scenario.orders, {
    concurrency: sequential ? 1 : requestsAtOnce,
    url: () => stage.order.url,
    signal,
    onPlaced: async (placement) => {
      placed += 1
      schedule.reached(placed)
      progress.at(placed, total, 'orders placed')
      if (placement.kind === 'refused') return
      const mail = stage.mailbox.mailFor(placement.order.orderId).then(({ receivedAtMs }) => {
        mails += 1
        return receivedAtMs - placement.placedAtMs
      })
      mailed.push(mail)
      // The mail comes after the decision, so it tells that the next order may be placed.
      if (sequential) await within(mail, quietWithinMs, signal, `the mail of order ${placement.order.orderId}`)
    },
  })
  const watch = setInterval(() => progress.at(mails, mailed.length, 'mails received'), 200)
  try {
    await schedule.done()
    const requestToMailMs = await within(Promise.all(mailed), quietWithinMs, signal, 'the last mail')
    return { placements, poison, requestToMailMs, tookMs: performance.now() - startedAt }
  } catch (error) {
    if (signal.aborted) throw error
    // What is missing is for the reconciliation to say, order by order.
    progress.say(`  ✗ ${error instanceof Error ? error.message : String(error)}`)
    return { placements, poison, requestToMailMs: [], tookMs: performance.now() - startedAt }
  } finally {
    clearInterval(watch)
    progress.end()
  }
}

async function stockShelves(stage: Stage, { stock }: Scenario): Promise<void> {
  const response = await fetch(`${stage.inventory.url}/stock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items: stock }),
  })
  if (!response.ok) throw new Error(`inventory refused its stock: ${response.status} ${await response.text()}`)
}

async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal, what: string): Promise<T> {
  // A signal that has aborted already tells its listeners nothing.
  signal.throwIfAborted()
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(ms)])
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      timeout.addEventListener('abort', () => reject(new Error(`${what} did not arrive within ${ms / 1000} s`)), {
        once: true,
      })
    }),
  ])
}
