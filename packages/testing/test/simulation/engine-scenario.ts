import {
  type BatchOptions,
  type ClassificationRule,
  exponential,
  fixed,
  type OutagePolicy,
  retryTopics,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { randomHappenings, randomPace } from '../../src/simulation/happenings.ts'
import type { Arrival, Conduct, Happening, Manner, Scenario } from '../../src/simulation/scenario.ts'
import { type SeededRandom, seededRandom } from '../../src/simulation/seeded-random.ts'
import { changed, EFFECTS, noticed, placed, poison, recordOf, SOURCE } from './engine-events.ts'

/** A scenario for the engine itself: small settings, so that everything collides with everything. */
export interface EngineScenario extends Scenario {
  readonly settings: Omit<SubscriptionOptions, 'on' | 'group'>
  /** For each type: how its records are gathered, or null when they are handled one by one. */
  readonly batches: Readonly<Record<HandledType, Required<BatchOptions> | null>>
  readonly outages: readonly Outage[]
  /** Whether nothing ever fails but for outages that the subscription watches for: then nothing may be given up. */
  readonly isPure: boolean
}

export type HandledType = 'order.placed' | 'order.changed'

/** What the handlers of a type need is away. */
export interface Outage {
  readonly type: HandledType
  readonly fromMs: number
  readonly toMs: number
  /** How long a handler waits until it notices, in milliseconds. */
  readonly noticedAfterMs: number
}

const TROUBLE: readonly Manner[] = [
  'throws',
  'throws later',
  'rejects',
  'asks for later',
  'outlasts its deadline',
  'is deaf',
  'never ends',
  'extends',
]

export function engineScenario(seed: number): EngineScenario {
  const random = seededRandom(seed)
  const kind = random.pick<Kind>(['rough', 'rough', 'rough', 'rough', 'pure', 'gentle'])
  const partitions = random.between(1, 4)
  const untilMs = random.pick([2_000, 5_000, 15_000])
  const topics = { [SOURCE]: partitions, [EFFECTS]: 2 }
  const ofAll = randomHappenings({ random, topics: { [SOURCE]: partitions }, untilMs, count: random.between(0, 30) })
  const chosen = settings(random, kind)
  return {
    seed,
    topics,
    ownPartitions: random.between(1, partitions),
    members: random.between(1, 3),
    batches: { 'order.placed': batches(random, chosen), 'order.changed': batches(random, chosen) },
    outages: kind === 'gentle' ? [] : outages(random, untilMs, kind),
    isPure: kind === 'pure',
    isGentle: kind === 'gentle',
    settings: chosen,
    arrivals: arrivals(random, partitions, untilMs, kind),
    happenings: ofAll.filter((happening) => fits(happening, kind)),
    calmFromMs: untilMs + 1_000,
    pace: randomPace(random),
    maxSkewMs: random.pick([0, 5_000]),
  }
}

function batches(random: SeededRandom, { order, limits }: EngineScenario['settings']): Required<BatchOptions> | null {
  if (random.chance(0.5)) return null
  return {
    maxRecords: Math.min(random.between(1, 12), limits?.maxRecordsPerPartition ?? 1),
    maxWaitMs: random.pick([0, 10, 200]),
    by: order === 'none' ? 'partition' : random.pick(['key', 'partition']),
  }
}

/** `pure`: handlers fail in outages only. `gentle`: they never fail, and processes only come and go. */
type Kind = 'rough' | 'pure' | 'gentle'

function fits(happening: Happening, kind: Kind): boolean {
  if (kind === 'gentle') return ['start', 'close', 'pause', 'resume'].includes(happening.kind)
  // What is too large for its retry topic is given up, outage or not.
  return kind === 'rough' || happening.kind !== 'append fault' || happening.fault.kind !== 'permanent'
}

/** In a pure scenario each type is away once: what has failed in two outages with successes between may be poison. */
function outages(random: SeededRandom, untilMs: number, kind: Kind): Outage[] {
  const outage = (type: HandledType): Outage => {
    const fromMs = random.between(0, untilMs)
    return { type, fromMs, toMs: fromMs + random.between(100, 8_000), noticedAfterMs: random.pick([0, 0, 50, 2_000]) }
  }
  const types: readonly HandledType[] = ['order.placed', 'order.changed']
  if (kind === 'pure') return types.map(outage)
  return random.chance(0.5) ? [] : Array.from({ length: random.between(1, 3) }, () => outage(random.pick(types)))
}

function settings(random: SeededRandom, kind: Kind): EngineScenario['settings'] {
  const drainMs = kind === 'gentle' ? 2_000 : random.pick([100, 500, 2_000])
  const overtaking = retryTopics({ delaysMs: random.pick([[1_000], [1_000, 3_000]]), order: 'overtake' })
  const backoff = random.chance(0.5)
    ? fixed(random.between(0, 300))
    : exponential({ initialMs: random.between(1, 100), maxMs: random.between(100, 2_000), jitter: 0.5 })
  const order = random.pick<NonNullable<SubscriptionOptions['order']>>(['key', 'key', 'key', 'partition', 'none'])
  return {
    concurrency: random.between(1, 10),
    order,
    ...(random.chance(0.2) ? { rate: { perSecond: random.pick([5, 50, 300]), burst: random.between(1, 10) } } : {}),
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
      maxAgeMs: kind === 'pure' ? 3_600_000 : random.pick([5_000, 3_600_000]),
      afterwards: random.pick(['dead-letter', 'dead-letter', 'hold', overtaking]),
      deadLetterImpossible: random.pick(['hold', 'skip-and-alarm']),
      classify: kind === 'rough' ? classification(random) : [],
      outage: kind !== 'pure' && random.chance(0.15) ? false : outageWatch(random, kind),
    },
  }
}

function classification(random: SeededRandom): ClassificationRule[] {
  if (random.chance(0.7)) return []
  return [{ match: random.pick(['PlannedError', 'AwayError']), as: random.pick(['retry', 'reject', 'skip', 'hold']) }]
}

function outageWatch(random: SeededRandom, kind: Kind): OutagePolicy {
  return {
    probe: random.pick([fixed(200), exponential({ initialMs: 50, maxMs: 1_000, jitter: 0 })]),
    // Short, so that a run ends soon after its faults: many have nothing but failures left then.
    maxHoldMs: kind === 'pure' ? 3_600_000 : 2_000,
    maxPermits: random.between(1, 5),
    releasePerSecond: random.pick([2, 10, 100]),
  }
}

function arrivals(random: SeededRandom, partitions: number, untilMs: number, kind: Kind): Arrival[] {
  const count = random.between(20, 150)
  const keys = random.pick([2, 6, 40])
  const troubled = kind === 'rough' ? random.pick([0.02, 0.1, 0.4]) : 0
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
    const conducts = conductsOf(random, troubled, kind)
    const type = random.chance(0.7) ? placed : changed
    const label = `${type.type} #${n}, key ${key}: ${conducts.map(({ manner, ms }) => `${manner} ${ms} ms`).join(', then ')}`
    return { ...place, record: recordOf(type, key, n), label, conducts }
  })
}

function conductsOf(random: SeededRandom, troubled: number, kind: Kind): Conduct[] {
  const conducts: Conduct[] = []
  while (random.chance(troubled) && conducts.length < 6) {
    conducts.push({ manner: random.pick(TROUBLE), ms: random.between(0, 500) })
  }
  // A publish may fail, and its handler with it.
  const last: readonly Manner[] = ['returns', 'waits', 'waits', 'waits', 'skips']
  const manner = random.pick<Manner>(kind === 'rough' ? [...last, 'publishes'] : last)
  return [...conducts, { manner, ms: random.between(0, 60) }]
}
