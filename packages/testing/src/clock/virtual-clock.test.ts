import { describe, expect, it } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'

describe('virtual clock', () => {
  it('runs timers in order of time, then of creation, and settles what each sets in motion before the next', async () => {
    const clock = createVirtualClock()
    const seen: string[] = []
    clock.setTimer(() => seen.push('late'), 20)
    clock.setTimer(() => {
      seen.push('first')
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push('what the first set in motion'))
    }, 10)
    clock.setTimer(() => seen.push('second'), 10)
    await clock.advance(15)
    expect(seen).toEqual(['first', 'what the first set in motion', 'second'])
    await clock.advance(5)
    expect(seen.at(-1)).toBe('late')
  })

  it('runs a timer that another timer creates when it falls due on the way', async () => {
    const clock = createVirtualClock()
    const firedAt: number[] = []
    clock.setTimer(() => clock.setTimer(() => firedAt.push(clock.monotonic()), 30), 10)
    await clock.advance(100)
    expect(firedAt).toEqual([40])
    expect(clock.monotonic()).toBe(100)
  })

  it('does not run a cancelled timer, and counts the waiting ones', async () => {
    const clock = createVirtualClock()
    const timer = clock.setTimer(() => expect.unreachable(), 10)
    expect(clock.waitingTimers).toBe(1)
    timer.cancel()
    timer.cancel()
    expect(clock.waitingTimers).toBe(0)
    await clock.advance(20)
  })

  it('keeps durations while the wall clock jumps', async () => {
    const clock = createVirtualClock(1_000)
    let fired = false
    clock.setTimer(() => {
      fired = true
    }, 100)
    clock.jumpWallClock(-500)
    expect(clock.now()).toBe(500)
    await clock.advance(99)
    expect(fired).toBe(false)
    await clock.advance(1)
    expect(fired).toBe(true)
  })

  // On a clock with fractions: started at s, due at s + d, and at that very instant s <= now - d is false by the last bit. Who then waits for what is
  // left, which is nothing, waits for ever.
  it('keeps to whole milliseconds, so that a deadline is never missed by a rounding error', async () => {
    const clock = createVirtualClock()
    await clock.advanceUntil(new Promise<void>((resolve) => clock.setTimer(resolve, 0.1)))
    const startedAt = clock.monotonic()
    let isPast = false
    const check = (): void => {
      isPast = startedAt <= clock.monotonic() - 0.4
      if (!isPast) clock.setTimer(check, startedAt + 0.4 - clock.monotonic())
    }
    check()
    await clock.advance(2)
    expect(isPast).toBe(true)
  })

  it('says so when timers set each other for the same instant without end', async () => {
    const clock = createVirtualClock()
    const again = (): void => void clock.setTimer(again, 0)
    again()
    await expect(clock.advance(1)).rejects.toThrow('timers have run at 0 ms')
  })

  it('advances until a promise resolves, and no further', async () => {
    const clock = createVirtualClock()
    const promise = new Promise<string>((resolve) => clock.setTimer(() => resolve('done'), 5_000))
    clock.setTimer(() => expect.unreachable(), 6_000)
    expect(await clock.advanceUntil(promise)).toBe('done')
    expect(clock.monotonic()).toBe(5_000)
  })

  it('rejects when nothing can bring about what is waited for', async () => {
    const clock = createVirtualClock()
    await expect(clock.advanceUntil(() => false)).rejects.toThrow('no timer is left')
    clock.setTimer(() => {}, 200)
    await expect(clock.advanceUntil(() => false, 100)).rejects.toThrow('within 100 ms')
  })
})
