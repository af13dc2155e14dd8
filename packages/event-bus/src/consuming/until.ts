import type { Clock } from '../clock.ts'

/** Resolves when `work` is settled, `ms` milliseconds have passed or `signal` aborts, whichever is first. Rejects only as `work` does. */
export async function until(
  work: Promise<unknown>,
  limits: { readonly clock: Clock; readonly ms: number; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, ms, signal } = limits
  if (signal.aborted) return
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = clock.setTimer(resolve, ms)
  const onAbort = (): void => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, over])
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
  }
}
