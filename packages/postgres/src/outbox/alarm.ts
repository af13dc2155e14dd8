import type { Clock } from '@tributary/event-bus'

/** One sleeper that others can wake. A ring while nobody sleeps is kept for the next wait, so that no wake-up falls between two turns. */
export interface Alarm {
  ring(): void
  /** Resolves at the next ring, at once when one is kept, or after `ms` milliseconds. */
  wait(ms: number): Promise<void>
}

export function createAlarm(clock: Clock): Alarm {
  let isRung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      isRung = true
      wake?.()
    },
    async wait(ms) {
      if (!isRung) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = clock.setTimer(resolve, ms)
        wake = resolve
        await promise
        timer.cancel()
        wake = undefined
      }
      isRung = false
    },
  }
}
