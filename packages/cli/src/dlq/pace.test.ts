import { createVirtualClock } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { Pace } from './pace.ts'

async function turnsIn(ms: number, ratePerSecond: number): Promise<{ turns: number[]; waitingTimers: number }> {
  const clock = createVirtualClock()
  const pace = new Pace(ratePerSecond, clock)
  const abort = new AbortController()
  const turns: number[] = []
  const taking = (async () => {
    while (!abort.signal.aborted) {
      await pace.turn(abort.signal)
      if (!abort.signal.aborted) turns.push(clock.monotonic())
    }
  })()
  await clock.advance(ms)
  abort.abort()
  await taking
  return { turns, waitingTimers: clock.waitingTimers }
}

describe('a pace', () => {
  it('lets the first through at once, the others a step apart, and ends a wait that is aborted', async () => {
    expect(await turnsIn(1_000, 4)).toEqual({ turns: [0, 250, 500, 750, 1_000], waitingTimers: 0 })
  })

  it('does not make up for lost time', async () => {
    const clock = createVirtualClock()
    const pace = new Pace(10, clock)
    const { signal } = new AbortController()
    await pace.turn(signal)
    await clock.advance(5_000)
    await pace.turn(signal)
    const next = pace.turn(signal).then(() => clock.monotonic())
    expect(await clock.advanceUntil(next)).toBe(5_100)
  })
})
