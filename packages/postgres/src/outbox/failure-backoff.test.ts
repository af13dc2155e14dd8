import { ClusterUnavailableError, RecordTooLargeError } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { laneFailure } from './failure-backoff.ts'

describe('laneFailure', () => {
  it('waits longer after each failure, at most five seconds for what heals by itself', () => {
    const waits = [1, 2, 3, 10, 1000].map(
      (attempts) => laneFailure(new ClusterUnavailableError('away'), attempts).waitMs,
    )
    expect(waits).toEqual([100, 200, 400, 5000, 5000])
  })

  it('waits at most a minute for what somebody must mend', () => {
    const tooLarge = new RecordTooLargeError('2 MiB', { outcome: 'not-written' })
    expect(laneFailure(tooLarge, 1000)).toEqual({ attempts: 1000, message: 'RECORD_TOO_LARGE: 2 MiB', waitMs: 60_000 })
  })

  it('takes whatever was thrown', () => {
    expect(laneFailure(undefined, 1)).toEqual({ attempts: 1, message: 'undefined', waitMs: 100 })
  })
})
