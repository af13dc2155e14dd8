import type { ServerResponse } from 'node:http'
import type { OrderChanges } from '../adapters/order-changes.ts'
import type { OrderStatus } from '../domain/order.ts'

/** Hints may be lost; looking this often makes up for it, and the comment it sends keeps proxies from closing a silent connection. */
const LOOK_EVERY_MS = 5_000

/** Server-sent events of one order: its state now, and each later one; ends with the final one. */
export function streamOrder(
  response: ServerResponse,
  changes: OrderChanges,
  orderId: string,
  read: () => Promise<{ readonly status: OrderStatus; readonly data: object } | null>,
): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  let told: OrderStatus | undefined
  let looking = Promise.resolve()

  const look = async (): Promise<void> => {
    const order = await read()
    if (order === null || response.writableEnded) return
    if (order.status === told) {
      response.write(': still here\n\n')
      return
    }
    told = order.status
    response.write(`event: ${order.status}\ndata: ${JSON.stringify(order.data)}\n\n`)
    if (order.status !== 'placed') response.end()
  }
  // One after another: two looks at once could tell the states in the wrong order. A look that fails is made up for by the next one.
  const lookAgain = (): void => {
    looking = looking.then(look).catch(() => {})
  }

  // Watching begins before the first look: a change in between is told by the hint.
  const unwatch = changes.watch(orderId, lookAgain)
  const timer = setInterval(lookAgain, LOOK_EVERY_MS)
  response.once('close', () => {
    unwatch()
    clearInterval(timer)
  })
  lookAgain()
}
