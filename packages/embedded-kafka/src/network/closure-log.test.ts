import { expect, it } from 'vitest'
import { SystemClock } from '../cluster/clock.ts'
import { ClosureLog } from './closure-log.ts'

it('tells twenty in ten seconds one by one, then how many more there were', async () => {
  const lines: string[] = []
  const clock = new SystemClock(Date.UTC(2026, 0, 1))
  const log = new ClosureLog((line) => lines.push(line), clock)
  for (let count = 1; count <= 100_000; count++) log.tell(`closed ${count}`)
  expect(lines).toHaveLength(20)
  await clock.advance(10_000)
  expect(lines.at(-1)).toBe('99980 more connections were closed within 10 seconds')
  log.tell('closed again')
  expect(lines).toHaveLength(22)
  await clock.advance(60_000)
  expect(lines).toHaveLength(22)
  expect(clock.timerCount).toBe(0)
})

it('tells at once what it left out when it is asked to', () => {
  const lines: string[] = []
  const clock = new SystemClock(Date.UTC(2026, 0, 1))
  const log = new ClosureLog((line) => lines.push(line), clock)
  for (let count = 1; count <= 21; count++) log.tell(`closed ${count}`)
  log.flush()
  log.flush()
  expect(lines.slice(20)).toEqual(['1 more connections were closed within 10 seconds'])
  expect(clock.timerCount).toBe(0)
})
