import type { Clock, Timer } from '@tributary/event-bus'

/** A clock whose time moves only when a test says so, in whole milliseconds, as Node's timers do: a timer's fraction is rounded up. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms` milliseconds. Timers that fall due on the way run one after another, in order of their time and, at the same
   * time, of their creation; after each of them everything it set in motion is settled first, as `settle` does.
   */
  advance(ms: number): Promise<void>
  /**
   * Moves time forward, from timer to timer, until `fact` is true or the promise has resolved.
   *
   * @param withinMs - how much virtual time may pass. @defaultValue 3,600,000 (an hour)
   * @returns what the promise resolved with.
   * @throws what the promise rejected with, or an Error when the time is over or no timer is left that could change anything.
   */
  advanceUntil(fact: () => boolean, withinMs?: number): Promise<void>
  advanceUntil<T>(promise: Promise<T>, withinMs?: number): Promise<T>
  /** Resolves when all promise callbacks that can run without time passing have run. */
  settle(): Promise<void>
  /** Moves the wall clock (`now`) by `ms`, forwards or back, as an operator or NTP does. No timer is early or late for it. */
  jumpWallClock(ms: number): void
  /** How many timers are waiting: zero when what was tested has cleaned up. */
  readonly waitingTimers: number
}

interface WaitingTimer {
  readonly dueAt: number
  readonly sequence: number
  readonly callback: () => void
}

const AN_HOUR_MS = 3_600_000

/** So many timers at one instant are a loop that waits for time to pass, which never will. */
const MAX_TIMERS_AT_ONCE = 100_000

/**
 * @param startAt - milliseconds since the Unix epoch of the first `now()`. @defaultValue 2026-01-01T00:00:00Z
 */
export function createVirtualClock(startAt: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const waiting = new Set<WaitingTimer>()
  let elapsedMs = 0
  let wallOffsetMs = startAt
  let sequence = 0
  let firedAtOnce = 0

  const nextTimer = (): WaitingTimer | undefined => {
    let next: WaitingTimer | undefined
    for (const timer of waiting) {
      if (!next || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.sequence < next.sequence))
        next = timer
    }
    return next
  }

  // The microtask queue is empty before the event loop reaches the check phase, however long the chain of promises was.
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  const fireNext = async (untilMs: number): Promise<boolean> => {
    const timer = nextTimer()
    if (!timer || timer.dueAt > untilMs) return false
    waiting.delete(timer)
    firedAtOnce = timer.dueAt > elapsedMs ? 1 : firedAtOnce + 1
    if (firedAtOnce > MAX_TIMERS_AT_ONCE) {
      throw new Error(
        `virtual clock: ${MAX_TIMERS_AT_ONCE} timers have run at ${elapsedMs} ms, each setting the next for the same instant`,
      )
    }
    elapsedMs = Math.max(elapsedMs, timer.dueAt)
    timer.callback()
    await settle()
    return true
  }

  const advance = async (ms: number): Promise<void> => {
    const untilMs = elapsedMs + Math.ceil(ms)
    await settle()
    while (await fireNext(untilMs)) {
      // Each timer is settled inside.
    }
    elapsedMs = Math.max(elapsedMs, untilMs)
  }

  const advanceUntilTrue = async (fact: () => boolean, withinMs: number): Promise<void> => {
    const untilMs = elapsedMs + withinMs
    await settle()
    while (!fact()) {
      if (await fireNext(untilMs)) continue
      throw new Error(
        waiting.size === 0
          ? 'virtual clock: what was waited for did not happen, and no timer is left that could bring it about'
          : `virtual clock: what was waited for did not happen within ${withinMs} ms of virtual time`,
      )
    }
  }

  function advanceUntil(fact: () => boolean, withinMs?: number): Promise<void>
  function advanceUntil<T>(promise: Promise<T>, withinMs?: number): Promise<T>
  async function advanceUntil<T>(target: (() => boolean) | Promise<T>, withinMs = AN_HOUR_MS): Promise<T | undefined> {
    if (typeof target === 'function') {
      await advanceUntilTrue(target, withinMs)
      return undefined
    }
    let isSettled = false
    const markSettled = (): void => {
      isSettled = true
    }
    target.then(markSettled, markSettled)
    await advanceUntilTrue(() => isSettled, withinMs)
    return target
  }

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    setTimer(callback, ms): Timer {
      const timer = { dueAt: elapsedMs + Math.max(0, Math.ceil(ms)), sequence: sequence++, callback }
      waiting.add(timer)
      return { cancel: () => void waiting.delete(timer) }
    },
    advance,
    advanceUntil,
    settle,
    jumpWallClock(ms) {
      wallOffsetMs += ms
    },
    get waitingTimers() {
      return waiting.size
    },
  }
}
