import { RequestQueue } from './kafkajs-internals.ts'

let isPatched = false

/**
 * Keeps kafkajs' request queue from ticking while there is nothing to check. As published it sets a timer of a negative time again and again on
 * every idle connection: a process that does nothing burns CPU, and Node 24 prints `TimeoutNegativeWarning`. The check exists for requests that wait
 * for a throttle to end; without one pending there is nothing to wait for.
 */
export function quietenRequestQueue(): void {
  if (isPatched) return
  isPatched = true
  const schedule = RequestQueue.prototype.scheduleCheckPendingRequests
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this)
  }
}
