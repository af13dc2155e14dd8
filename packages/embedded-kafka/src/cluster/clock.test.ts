import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SystemClock } from './clock.ts'

const start = Date.UTC(2026, 0, 1)

describe('a clock that stands still', () => {
  it('runs each timer at its own time, those too that others set on the way', async () => {
    const clock = new SystemClock(start)
    const ran: string[] = []
    const note = (what: string) => ran.push(`${what} at ${clock.now() - start}`)
    clock.schedule(20, () => note('second'))
    clock.schedule(10, () => {
      note('first')
      clock.schedule(25, () => note('set on the way'))
      clock.schedule(1_000, () => note('set for later'))
    })
    await clock.advance(100)
    expect(ran).toEqual(['first at 10', 'second at 20', 'set on the way at 35'])
    expect(clock.now()).toBe(start + 100)
    await clock.advance(910)
    expect(ran.at(-1)).toBe('set for later at 1010')
  })

  it('lets what a timer sets in motion go as far as it can before the next', async () => {
    const clock = new SystemClock(start)
    const ran: string[] = []
    clock.schedule(10, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => ran.push('in motion'))
    })
    clock.schedule(10, () => ran.push('next'))
    await clock.advance(10)
    expect(ran).toEqual(['in motion', 'next'])
  })

  it('hears nothing from outside on the way', async () => {
    const clock = new SystemClock(start)
    let isHeard = false
    setImmediate(() => (isHeard = true))
    for (const at of [10, 20, 30]) clock.schedule(at, () => void Promise.resolve())
    await clock.advance(100)
    expect(isHeard).toBe(false)
  })

  it('runs nothing that was cancelled, on the way too', async () => {
    const clock = new SystemClock(start)
    const cancel = clock.schedule(20, () => expect.unreachable())
    clock.schedule(10, cancel)
    await clock.advance(30)
  })

  it('does overlapping calls one after the other', async () => {
    const clock = new SystemClock(start)
    const ran: number[] = []
    for (const at of [10, 20, 30]) clock.schedule(at, () => ran.push(clock.now() - start))
    await Promise.all([clock.advance(15), clock.advance(15)])
    expect(ran).toEqual([10, 20, 30])
    expect(clock.now()).toBe(start + 30)
  })

  it('goes on after a timer that threw', async () => {
    const clock = new SystemClock(start)
    clock.schedule(10, () => {
      throw new Error('broken')
    })
    await expect(clock.advance(20)).rejects.toThrow('broken')
    await clock.advance(5)
    expect(clock.now()).toBe(start + 15)
  })

  it('ends at the same time, and has run the same timers in the same order, in however many steps it gets there', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 })
    const steps = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 })
    const run = async (all: readonly number[], by: readonly number[]): Promise<string[]> => {
      const clock = new SystemClock(start)
      const ran: string[] = []
      all.forEach((delay, index) => {
        clock.schedule(delay, () => {
          ran.push(`${index} at ${clock.now() - start}`)
          clock.schedule(7, () => ran.push(`after ${index} at ${clock.now() - start}`))
        })
      })
      for (const step of by) await clock.advance(step)
      return [...ran, `now ${clock.now() - start}`]
    }
    await fc.assert(
      fc.asyncProperty(delays, steps, async (all, by) => {
        expect(await run(all, by)).toEqual(await run(all, [by.reduce((sum, step) => sum + step, 0)]))
      }),
      { numRuns: 50 },
    )
  })
})

describe("the system's clock", () => {
  it('is ahead by what it was put forward, and passes', async () => {
    const clock = new SystemClock()
    const before = Date.now()
    await clock.advance(60_000)
    const ahead = clock.now() - Date.now()
    expect(ahead).toBeGreaterThan(59_000)
    expect(ahead).toBeLessThanOrEqual(60_000 + Date.now() - before)
  })

  it('runs by itself what is still to come, so much earlier', async () => {
    const clock = new SystemClock()
    const ran = new Promise<void>((resolve) => clock.schedule(3_600_000, resolve))
    await clock.advance(3_599_995)
    await ran
  })
})
