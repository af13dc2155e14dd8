import { silentLogger } from '@tributary/event-bus'
import { expect, it, onTestFinished, vi } from 'vitest'
import { TroubleLog } from './trouble-log.ts'

it('is written at the first miss, and at most once a minute from then on', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const said: object[] = []
  const log = new TroubleLog({ ...silentLogger, warn: (fields) => void said.push(fields) })
  const [first, second, third] = [new Error('refused'), new Error('refused again'), new Error('still refused')]
  log.note(first)
  expect(said).toEqual([{ err: first }])
  vi.advanceTimersByTime(59_999)
  log.note(second)
  expect(said).toHaveLength(1)
  vi.advanceTimersByTime(1)
  log.note(third)
  expect(said).toEqual([{ err: first }, { err: third }])
})
