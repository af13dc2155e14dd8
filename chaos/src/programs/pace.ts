/** How often something due is looked for, in milliseconds. */
const TICK_MS = 20

/** Calls `act` at a steady rate, in small bursts, until `stop` is called. What was missed while the process stood still is not made up for. */
export function startPace(perSecond: number, act: () => void): { stop(): void } {
  let lastAt = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const now = performance.now()
    due += (Math.min(now - lastAt, 10 * TICK_MS) / 1000) * perSecond
    lastAt = now
    for (; due >= 1; due -= 1) act()
  }, TICK_MS)
  return { stop: () => clearInterval(timer) }
}
