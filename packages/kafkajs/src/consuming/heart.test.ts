import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Heart } from './heart.ts'

describe('a heart', () => {
  // The coordinator's broker freezes: it takes the request and says nothing, and the request may wait for longer than the session. Meanwhile the group
  // has moved to another broker, which gives our partitions away when the session is over.
  it('is lost when the session is over, also while a beat still waits for its answer', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const heart = new Heart({
      intervalMs: 1_000,
      sessionTimeoutMs: 10_000,
      send: () => new Promise(() => {}),
      onBeat: () => {},
      onMissed: () => {},
    })
    let isLost = false
    heart.lost.catch(() => {
      isLost = true
    })
    await vi.advanceTimersByTimeAsync(9_900)
    expect(isLost).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    heart.stop()
    expect(isLost).toBe(true)
  })
})
