import type { Clock } from '@tributary/event-bus'

/** What `promise` resolves with, or `late` when it has not settled after `ms` milliseconds. The promise goes on by itself. */
export async function within<T, L>(clock: Clock, ms: number, promise: Promise<T>, late: L): Promise<T | L> {
  const { promise: expired, resolve } = Promise.withResolvers<L>()
  const timer = clock.setTimer(() => resolve(late), ms)
  try {
    return await Promise.race([promise, expired])
  } finally {
    timer.cancel()
  }
}
