import type { Scenario } from './scenario.ts'

/** The parts of a scenario that can be left out one by one. */
type Lists = 'arrivals' | 'happenings'

export interface ShrinkOptions<S extends Scenario> {
  readonly scenario: S
  /** Whether it still fails, for the same reason. */
  readonly fails: (scenario: S) => Promise<boolean>
  /** How many smaller scenarios may be tried. */
  readonly maxTries: number
}

/** A smaller scenario that still fails: fewer records, fewer faults, fewer members, handlers that do less. */
export async function shrink<S extends Scenario>({ scenario, fails, maxTries }: ShrinkOptions<S>): Promise<S> {
  let smallest = scenario
  let tries = 0
  const attempt = async (smaller: S): Promise<boolean> => {
    if (tries >= maxTries) return false
    tries += 1
    if (!(await fails(smaller))) return false
    smallest = smaller
    return true
  }

  for (let before = -1; before !== sizeOf(smallest) && tries < maxTries; ) {
    before = sizeOf(smallest)
    for (const list of ['happenings', 'arrivals'] as const) await shorten(list, () => smallest, attempt)
    for (let index = 0; index < smallest.arrivals.length; index += 1) {
      const arrivals = smallest.arrivals.map((arrival, at) => (at === index ? { ...arrival, conducts: [] } : arrival))
      if ((smallest.arrivals[index]?.conducts.length ?? 0) > 0) await attempt({ ...smallest, arrivals })
    }
    if (smallest.members > 1) await attempt({ ...smallest, members: smallest.members - 1 })
  }
  return smallest
}

/** Takes ever smaller pieces out of a list, as long as what is left fails. */
async function shorten<S extends Scenario>(
  list: Lists,
  current: () => S,
  attempt: (smaller: S) => Promise<boolean>,
): Promise<void> {
  for (let piece = current()[list].length; piece >= 1; piece = Math.floor(piece / 2)) {
    for (let from = 0; from < current()[list].length; ) {
      const kept = current()[list].filter((_, index) => index < from || index >= from + piece)
      if (!(await attempt({ ...current(), [list]: kept }))) from += piece
    }
  }
}

function sizeOf({ arrivals, happenings, members }: Scenario): number {
  return (
    arrivals.length * 2 + happenings.length + members + arrivals.filter(({ conducts }) => conducts.length > 0).length
  )
}
