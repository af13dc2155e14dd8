import { describe, expect, it } from 'vitest'
import type { Clock } from '../../clock.ts'
import { ByteBudget } from './flow-control.ts'
import { LoopBrake } from './loop-brake.ts'

/** A loop that gets to its timers as late as it is told. */
class LateLoop implements Clock {
  waiting: { readonly callback: () => void; readonly dueAtMs: number } | null = null
  #nowMs = 0

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, ms: number): { cancel(): void } {
    this.waiting = { callback, dueAtMs: this.#nowMs + ms }
    return {
      cancel: () => {
        this.waiting = null
      },
    }
  }

  turn(...latenesses: readonly number[]): void {
    for (const lateMs of latenesses) {
      if (this.waiting === null) throw new Error('nothing waits')
      this.#nowMs = this.waiting.dueAtMs + lateMs
      this.waiting.callback()
    }
  }
}

function brakeOn(heldBytes: number): { loop: LateLoop; budget: ByteBudget; brake: LoopBrake } {
  const loop = new LateLoop()
  const budget = new ByteBudget(1_600)
  budget.take(heldBytes)
  const brake = new LoopBrake(budget, loop)
  brake.start()
  return { loop, budget, brake }
}

describe('the brake of a late event loop', () => {
  it('leaves a sixteenth of the budget after three late looks, and all of it once the loop is in time', () => {
    const { loop, budget } = brakeOn(100)
    const reliefs: number[] = []
    budget.onRelief(() => reliefs.push(budget.heldBytes))
    loop.turn(100, 100)
    expect(budget.isExhausted).toBe(false)
    loop.turn(100)
    expect(budget.isExhausted).toBe(true)
    loop.turn(99, 60)
    expect(budget.isExhausted).toBe(true)
    loop.turn(49)
    expect([budget.isExhausted, reliefs]).toEqual([false, [100]])
  })

  it('takes a late look or two for nothing, however often', () => {
    const { loop, budget } = brakeOn(1_000)
    loop.turn(2_000, 150, 0, 150, 150, 10, 900)
    expect(budget.isExhausted).toBe(false)
  })

  it('never stops whoever is below its part', () => {
    const { loop, budget } = brakeOn(99)
    loop.turn(500, 500, 500, 500)
    expect(budget.isExhausted).toBe(false)
  })

  it('looks no longer once it is stopped', () => {
    const { loop, brake } = brakeOn(0)
    brake.stop()
    expect(loop.waiting).toBe(null)
  })
})
