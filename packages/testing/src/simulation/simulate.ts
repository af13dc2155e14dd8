/** Handlers under seeds: `simulate` runs a user's subscription through hundreds of small histories in which everything goes wrong. */
import type { SubscriptionDefinition } from '@tributary/event-bus'
import { randomHappenings, randomPace } from './happenings.ts'
import type { Invariant } from './oracle/violation.ts'
import type { SimulatedProcess } from './process.ts'
import type { Publication } from './published.ts'
import { type Outcome, runScenario } from './run-scenario.ts'
import type { Arrival, Scenario } from './scenario.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { shrink } from './shrink.ts'

/** What is simulated, made anew for each run: its state must not outlive it. */
export interface SimulatedService {
  /** The subscription, for each process that starts. Handlers wait with `process.clock` and draw from `process.random`: real time does not pass. */
  readonly subscription: (process: SimulatedProcess) => SubscriptionDefinition
  /** An event that arrives: `published(orderPlaced, { ... })`. Everything random in it comes from `random`. */
  readonly event: (random: SeededRandom) => Publication
  /** Called when all is settled and committed. What it throws fails the run: here the service says what must hold. */
  readonly check?: () => void
}

export interface SimulationOptions {
  /** How many histories. @defaultValue 200 */
  readonly seeds?: number
  /** The first seed. @defaultValue 1 */
  readonly from?: number
  /** Events in one history. @defaultValue 60 */
  readonly events?: number
  /** Partitions of each source topic. @defaultValue 3 */
  readonly partitions?: number
  /** Topics that handlers publish to, with their number of partitions. @defaultValue none */
  readonly topics?: Readonly<Record<string, number>>
}

export interface SimulationReport {
  readonly seeds: number
  /** Handlers that came to their end and counted, over all histories. */
  readonly handled: number
}

/** A history that ends badly. The message holds the shortest one found, as a story. */
export class SimulationFailedError extends Error {
  override readonly name = 'SimulationFailedError'
  readonly seed: number
  readonly invariant: Invariant
  readonly story: readonly string[]

  constructor(seed: number, invariant: Invariant, story: readonly string[]) {
    super(`seed ${seed} breaks ${invariant}:\n${story.join('\n')}`)
    this.seed = seed
    this.invariant = invariant
    this.story = story
  }
}

/** Smaller histories that are tried before one is told. */
const MAX_TRIES = 300

/**
 * Runs the service's handlers on the whole runtime, on virtual time, behind a driver that does whatever its port does not forbid: members come, go, crash
 * and are thrown out, fetches repeat and skip, commits and dead letters fail or lose their answers. The same seed gives the same history as long as the
 * service itself is deterministic.
 *
 * @throws {SimulationFailedError} for the first seed in which a record is lost, run out of order or never settled, or `check` throws.
 */
export async function simulate(
  service: () => SimulatedService,
  options: SimulationOptions = {},
): Promise<SimulationReport> {
  const { seeds = 200, from = 1 } = options
  let handled = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    const scenario = scenarioOf(seed, service(), options)
    const outcome = await runService(scenario, service)
    handled += outcome.handled
    if (outcome.violation === null) continue
    const { invariant } = outcome.violation
    const fails = async (smaller: Scenario): Promise<boolean> =>
      (await runService(smaller, service)).violation?.invariant === invariant
    const smallest = await shrink({ scenario, fails, maxTries: MAX_TRIES })
    const { story } = await runService(smallest, service, true)
    throw new SimulationFailedError(seed, invariant, story)
  }
  return { seeds, handled }
}

function runService(scenario: Scenario, service: () => SimulatedService, isStoryWanted = false): Promise<Outcome> {
  const { subscription, check } = service()
  return runScenario({ scenario, subscription, isStoryWanted, ...(check === undefined ? {} : { check }) })
}

function scenarioOf(seed: number, service: SimulatedService, options: SimulationOptions): Scenario {
  const { events = 60, partitions = 3, topics: otherTopics = {} } = options
  const random = seededRandom(seed)
  const untilMs = random.pick([2_000, 10_000, 60_000])
  const arrivals = Array.from({ length: random.between(1, events) }, (_, n): Arrival => {
    const { topic, type, key, value, headers, timestamp } = service.event(random).encode(`event-${n}`)
    const partition = key === null ? random.between(0, partitions - 1) : hash(key) % partitions
    const record = { key, value, headers, timestamp: timestamp.getTime() }
    const label = `${type} #${n}, key ${key?.toString() ?? 'null'}`
    return { atMs: random.between(0, untilMs), topic, partition, record, label, conducts: [] }
  })
  const sources = Object.fromEntries(arrivals.map(({ topic }) => [topic, partitions]))
  return {
    seed,
    arrivals,
    topics: { ...otherTopics, ...sources },
    ownPartitions: partitions,
    members: random.between(1, 3),
    happenings: randomHappenings({ random, topics: sources, untilMs, count: random.between(0, 20) }),
    calmFromMs: untilMs + 1_000,
    pace: randomPace(random),
    maxSkewMs: 5_000,
  }
}

/** Any that spreads keys will do: nobody else computes the partitions of this log. */
function hash(key: Buffer): number {
  return key.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 7)
}
