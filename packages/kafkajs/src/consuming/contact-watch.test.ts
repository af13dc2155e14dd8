import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ContactWatch } from './contact-watch.ts'

describe('the contact watch', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is silent while contact comes in time, and speaks when the limit has passed since the accepted heartbeat was sent', () => {
    const silences: number[] = []
    const watch = new ContactWatch({ limitMs: 10_000, onSilence: (silentMs) => silences.push(silentMs) })
    for (let beat = 0; beat < 5; beat++) {
      const sentAt = performance.now()
      vi.advanceTimersByTime(3_000)
      watch.contact(sentAt)
    }
    vi.advanceTimersByTime(6_999)
    expect(silences).toEqual([])
    expect(watch.isInContact).toBe(true)
    vi.advanceTimersByTime(1)
    expect(watch.isInContact).toBe(false)
    expect(silences).toEqual([10_000])
    watch.stop()
    vi.advanceTimersByTime(60_000)
    expect(silences).toHaveLength(1)
  })

  it('does not go back when an answer was overtaken by a later one', () => {
    const silences: number[] = []
    const watch = new ContactWatch({ limitMs: 10_000, onSilence: (silentMs) => silences.push(silentMs) })
    const early = performance.now()
    vi.advanceTimersByTime(5_000)
    watch.contact(performance.now())
    watch.contact(early)
    vi.advanceTimersByTime(9_999)
    expect(silences).toEqual([])
    vi.advanceTimersByTime(1)
    expect(silences).toEqual([10_000])
    watch.stop()
  })
})
