import { describe, expect, it } from 'vitest'
import type { Sample } from './samples.ts'
import { handledPerMinute, slope, verdictOn } from './verdict.ts'

const MEBIBYTE = 1_048_576
const perSecond = 100

/** A sample every ten seconds for ten minutes, at an even load. */
function samples(given: (minute: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 61 }, (_, index) => {
    const count = index * 10 * perSecond
    const sizes = { rss: 200 * MEBIBYTE, heapUsed: 20 * MEBIBYTE, external: 0, cpuMs: 0, worstDelayMs: 0 }
    const counts = { published: count, rejected: 0, handled: count, lag: 0 }
    return { at: index * 10_000, wall: 0, ...sizes, ...counts, ...given(index / 6) }
  })
}

const failing = (list: Sample[]): string[] =>
  verdictOn({ samples: list, perSecond, deadLetters: 0, expectedDeadLetters: 0 }).flatMap(({ name, holds }) =>
    holds ? [] : [name],
  )

describe('the verdict on a soak', () => {
  it('is good when nothing changes', () => {
    expect(failing(samples())).toEqual([])
  })

  it('takes what is needed at the start for warm-up, and noise for noise', () => {
    expect(failing(samples((minute) => ({ heapUsed: (minute < 1 ? 5 : 20) * MEBIBYTE })))).toEqual([])
    expect(failing(samples((minute) => ({ heapUsed: (20 + 3 * Math.sin(minute * 40)) * MEBIBYTE })))).toEqual([])
  })

  it.each(['heapUsed', 'rss'] as const)('sees %s grow', (size) => {
    const start = samples()[0]?.[size] ?? 0
    expect(failing(samples((minute) => ({ [size]: start * (1 + 0.03 * minute) })))).toEqual([`${size} is flat`])
  })

  it('sees throughput decay', () => {
    const decaying = samples((minute) => ({ handled: Math.round(6_000 * (minute - 0.02 * minute ** 2)) }))
    expect(failing(decaying)).toContain('throughput is flat')
  })

  it('sees what was not handled', () => {
    const list = samples()
    const last = list.at(-1)
    expect(last).toBeDefined()
    expect(failing([...list.slice(0, -1), { ...(last as Sample), handled: 59_999 }])).toEqual([
      'everything published was handled or dead-lettered, once',
    ])
  })

  it('sees dead letters that are too many, or too few', () => {
    const checks = verdictOn({ samples: samples(), perSecond, deadLetters: 0, expectedDeadLetters: 1 })
    expect(checks.find(({ name }) => name.startsWith('dead letters'))?.holds).toBe(false)
  })
})

it('counts whole minutes of load, without the first', () => {
  expect(handledPerMinute(samples())).toEqual(new Array(8).fill(6_000))
})

it('draws the straight line that fits best', () => {
  expect(slope([0, 1, 2, 3], [1, 3, 5, 7])).toBe(2)
  expect(slope([0, 1, 2], [1, 1, 1])).toBe(0)
})
