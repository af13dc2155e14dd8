import { exponential, fixed, retryTopics, type SubscriptionOptions } from '@tributary/event-bus'
import { randomHappenings, randomPace } from '../../src/simulation/happenings.ts'
import type { Arrival, Conduct, Manner, Scenario } from '../../src/simulation/scenario.ts'
import { type SeededRandom, seededRandom } from '../../src/simulation/seeded-random.ts'
import { EFFECTS, noticed, placed, poison, recordOf, SOURCE } from './engine-events.ts'

/** A scenario for the engine itself: small settings, so that everything collides with everything. */
export interface EngineScenario extends Scenario {
  readonly settings: Omit<SubscriptionOptions, 'on' | 'group'>
}

const TROUBLE: readonly Manner[] = [
  'throws',
  'throws later',
  'rejects',
  'asks for later',
  'outlasts its deadline',
  'is deaf',
  'never ends',
]

export function engineScenario(seed: number): EngineScenario {
  const random = seededRandom(seed)
  const partitions = random.between(1, 4)
  const untilMs = random.pick([2_000, 5_000, 15_000])
  const topics = { [SOURCE]: partitions, [EFFECTS]: 2 }
  return {
    seed,
    topics,
    ownPartitions: random.between(1, partitions),
    members: random.between(1, 3),
    settings: settings(random),
    arrivals: arrivals(random, partitions, untilMs),
    happenings: randomHappenings({ random, topics: { [SOURCE]: partitions }, untilMs, count: random.between(0, 30) }),
    calmFromMs: untilMs + 1_000,
    pace: randomPace(random),
  }
}

function settings(random: SeededRandom): EngineScenario['settings'] {
  const drainMs = random.pick([100, 500, 2_000])
  const overtaking = retryTopics({ delaysMs: random.pick([[1_000], [1_000, 3_000]]), order: 'overtake' })
  const backoff = random.chance(0.5)
    ? fixed(random.between(0, 300))
    : exponential({ initialMs: random.between(1, 100), maxMs: random.between(100, 2_000), jitter: 0.5 })
  return {
    concurrency: random.between(1, 10),
    order: random.pick(['key', 'key', 'key', 'partition', 'none']),
    drainMs,
    unknownTypes: random.pick(['skip', 'skip', 'dead-letter']),
    attempt: { deadlineMs: random.between(100, 800), abandonAfterMs: random.between(50, 1_000) },
    limits: {
      maxRecordsPerPartition: random.between(2, 30),
      maxUncommittedPerPartition: random.between(5, 80),
      maxParkedPerPartition: random.between(2, 40),
      maxBytesPerPartition: random.pick([2_000, 1_000_000]),
    },
    commit: { intervalMs: random.between(10, 500), maxSettled: random.between(1, 20) },
    session: { sessionTimeoutMs: 3_000, heartbeatIntervalMs: 500, rebalanceTimeoutMs: drainMs + 12_000 },
    fetch: { maxBytesPerPartition: random.pick([500, 3_000, 20_000]), maxBytes: 1_000_000 },
    onFailure: {
      inPlace: { attempts: random.between(1, 5), backoff },
      maxAgeMs: random.pick([5_000, 3_600_000]),
      afterwards: random.pick(['dead-letter', 'dead-letter', 'hold', overtaking]),
      deadLetterImpossible: random.pick(['hold', 'skip-and-alarm']),
      // Short, so that a run ends soon after its faults: many have nothing but failures left then.
      outage: { probe: fixed(200), maxHoldMs: 2_000, maxPermits: 3 },
    },
  }
}

function arrivals(random: SeededRandom, partitions: number, untilMs: number): Arrival[] {
  const count = random.between(20, 150)
  const keys = random.pick([2, 6, 40])
  const troubled = random.pick([0.02, 0.1, 0.4])
  const isBurst = random.chance(0.3)
  return Array.from({ length: count }, (_, n): Arrival => {
    const keyNumber = random.between(0, keys)
    const key = keyNumber === keys ? null : `k${keyNumber}`
    const partition = key === null ? random.between(0, partitions - 1) : keyNumber % partitions
    const place = { atMs: isBurst ? 0 : random.between(0, untilMs), topic: SOURCE, partition }
    const dice = random.next()
    if (dice < 0.03) return { ...place, record: null, label: 'nothing', conducts: [] }
    if (dice < 0.05) return { ...place, record: poison(key, n), label: `poison, key ${key}`, conducts: [] }
    if (dice < 0.08)
      return { ...place, record: recordOf(noticed, key, n), label: `no handler, key ${key}`, conducts: [] }
    const conducts = conductsOf(random, troubled)
    const label = `#${n}, key ${key}: ${conducts.map(({ manner, ms }) => `${manner} ${ms} ms`).join(', then ')}`
    return { ...place, record: recordOf(placed, key, n), label, conducts }
  })
}

function conductsOf(random: SeededRandom, troubled: number): Conduct[] {
  const conducts: Conduct[] = []
  while (random.chance(troubled) && conducts.length < 6) {
    conducts.push({ manner: random.pick(TROUBLE), ms: random.between(0, 500) })
  }
  const manner = random.pick<Manner>(['returns', 'waits', 'waits', 'waits', 'skips', 'publishes'])
  return [...conducts, { manner, ms: random.between(0, 60) }]
}
