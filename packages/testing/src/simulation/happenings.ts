import type { FetchFault, Happening, Pace } from './scenario.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface HappeningOptions {
  readonly random: SeededRandom
  readonly topics: Readonly<Record<string, number>>
  readonly untilMs: number
  readonly count: number
}

type Maker = (random: SeededRandom, options: HappeningOptions) => Without

/** Each as often as it is likely. */
const MAKERS: readonly Maker[] = [
  ...times(6, fetchFault),
  ...times(6, commitFault),
  ...times(6, appendFault),
  ...times(3, (random) => ({ kind: 'crash', member: random.between(0, 5), backAfterMs: random.between(0, 3_000) })),
  ...times(3, expiry),
  ...times(3, () => ({ kind: 'start' })),
  ...times(2, (random) => ({ kind: 'close', member: random.between(0, 5) })),
  ...times(2, (random) => ({ kind: 'resume', member: random.between(0, 5) })),
  (random) => ({ kind: 'pause', member: random.between(0, 5) }),
  (random) => ({ kind: 'jump clock', member: random.between(0, 5), byMs: random.between(-100_000, 100_000) }),
  (random) => ({ kind: 'topic unknown', times: random.between(1, 3) }),
  (random) => ({ kind: 'range fault', fault: random.pick(['fails', 'short', 'slow']), times: random.between(1, 3) }),
  truncation,
]

/** A union keeps its members only when each of them is taken apart. */
type Without = Happening extends infer H ? (H extends Happening ? Omit<H, 'atMs'> : never) : never

/** What goes wrong in a scenario, in order of time. */
export function randomHappenings(options: HappeningOptions): Happening[] {
  const { random, untilMs, count } = options
  const happenings = Array.from({ length: count }, (): Happening => {
    return { atMs: random.between(0, untilMs), ...random.pick(MAKERS)(random, options) } as Happening
  })
  return happenings.sort((a, b) => a.atMs - b.atMs)
}

function times(count: number, maker: Maker): Maker[] {
  return Array.from({ length: count }, () => maker)
}

function fetchFault(random: SeededRandom): Without {
  const kind = random.pick<FetchFault['kind']>(['repeated', 'overlapping', 'hole', 'stale', 'slow'])
  const amount = kind === 'slow' ? random.between(100, 4_000) : random.between(1, 5)
  return { kind: 'fetch fault', fault: { kind, amount } }
}

function commitFault(random: SeededRandom): Without {
  const outcome = random.pick(['failed', 'failed', 'fenced', 'metadata-refused'] as const)
  const isApplied = outcome === 'failed' && random.chance(0.5)
  const delayMs = random.pick([0, 0, 300, 2_000, 10_000])
  return { kind: 'commit fault', fault: { outcome, isApplied, delayMs }, times: random.between(1, 3) }
}

function appendFault(random: SeededRandom): Without {
  const kind = random.pick(['transient', 'permanent', 'unknown', 'late'] as const)
  return { kind: 'append fault', fault: { kind, isApplied: random.chance(0.5) }, times: random.between(1, 5) }
}

function expiry(random: SeededRandom): Without {
  return { kind: 'expire', member: random.between(0, 5), noticedAfterMs: random.pick([0, 0, 50, 500, 3_000]) }
}

function truncation(random: SeededRandom, { topics }: HappeningOptions): Without {
  const [topic, partitions] = random.pick(Object.entries(topics))
  return { kind: 'truncate', topic, partition: random.between(0, partitions - 1), records: random.between(1, 30) }
}

/** How fast the cluster is in a scenario. */
export function randomPace(random: SeededRandom): Pace {
  return {
    fetchMs: random.pick([1, 10, 100]),
    commitMs: random.pick([0, 5, 100]),
    appendMs: random.pick([0, 5, 100]),
    assignMs: random.pick([0, 10, 300]),
    hearsAfterPause: random.chance(0.5),
  }
}
