import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterMistakes, type Turns, timesOf, turnOf } from './fault-filter.ts'

/** The numbers, of the first `count` that match, of those that are hit. */
function hits(turns: Turns, count = 12): number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((number) => turnOf(turns, number).isHit)
}

const infinity = Number.POSITIVE_INFINITY

describe('turns', () => {
  it.each<[Turns, number[]]>([
    [{}, [1]],
    [{ nth: 3 }, [3]],
    [{ times: 3 }, [1, 2, 3]],
    [{ nth: 2, times: 3 }, [2, 3, 4]],
    [{ nth: 10, times: infinity }, [10, 11, 12]],
    [{ every: 4 }, [4, 8, 12]],
    [{ every: 5, nth: 1 }, [1, 6, 11]],
    [{ every: 3, times: 2 }, [3, 6]],
  ])('%o hits %o', (turns, expected) => {
    expect(hits(turns)).toEqual(expected)
  })

  it('are over with their last, never before and never without it', () => {
    const anyTurns = fc.record(
      {
        nth: fc.integer({ min: 1, max: 9 }),
        every: fc.integer({ min: 1, max: 5 }),
        times: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(anyTurns, (turns) => {
        const numbers = Array.from({ length: 60 }, (_, index) => index + 1)
        const last = numbers.find((number) => turnOf(turns, number).isLast)
        const hit = hits(turns, 60)
        if (timesOf(turns) === infinity) expect(last).toBeUndefined()
        else {
          expect(hit).toHaveLength(timesOf(turns))
          expect(last).toBe(hit.at(-1))
        }
      }),
    )
  })
})

describe('mistakes in a filter', () => {
  it.each([
    [{ partition: 1 }, 'partition is given without its topic'],
    [{ topic: 'orders', partition: -1 }, 'partition is -1'],
    [{ group: 'billing' }, 'its requests name no group'],
    [{ broker: 3 }, 'there is no broker 3, only 0 to 2'],
    [{ nth: 0 }, 'nth is 0; the first is 1'],
    [{ every: 1.5 }, 'every is 1.5'],
    [{ times: 0 }, 'times is 0'],
  ])('%o: %s', (filter, mistake) => {
    expect(filterMistakes(filter, ['topic', 'partition'], 3)).toEqual([mistake])
  })

  it('are told all at once', () => {
    expect(filterMistakes({ topic: 'orders', nth: 0, times: 0.5 }, [], 1)).toHaveLength(3)
  })

  it('are none where everything can be selected', () => {
    expect(filterMistakes({ topic: 'a', partition: 0, group: 'g', times: infinity }, undefined, 1)).toEqual([])
  })
})
