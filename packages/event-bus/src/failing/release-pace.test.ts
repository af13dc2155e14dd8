import { expect, it } from 'vitest'
import { ReleasePace } from './release-pace.ts'

function second(pace: ReleasePace): number {
  return Array.from({ length: 10 }, () => pace.step()).reduce((sum, count) => sum + count, 0)
}

it('doubles with each second in which something succeeds, and only then', () => {
  const pace = new ReleasePace(10)
  expect(pace.step()).toBe(1)
  for (let step = 1; step < 10; step += 1) expect(pace.step()).toBe(1)
  expect(second(pace)).toBe(10)
  pace.succeeded()
  expect(second(pace)).toBe(10)
  expect(second(pace)).toBe(20)
  expect(second(pace)).toBe(20)
})

it('counts parts of records together', () => {
  const pace = new ReleasePace(0.5)
  expect(second(pace) + second(pace) + second(pace) + second(pace)).toBe(2)
})
