import type { Violation } from './oracle/violation.ts'
import type { SimulatedProcess } from './process.ts'
import type { Arrival, Scenario } from './scenario.ts'
import { type Check, SimulatedGroup, type SubscriptionFactory } from './simulated-group.ts'
import { World } from './world.ts'

export interface Outcome {
  readonly violation: Violation | null
  /** Empty unless a story was asked for. */
  readonly story: readonly string[]
  /** The same for the same course of events, when a story was asked for. */
  readonly hash: string
  /** Handlers that came to their end and counted. */
  readonly handled: number
  /** Milliseconds of virtual time. */
  readonly lastedMs: number
}

export interface RunOptions {
  readonly scenario: Scenario
  readonly subscription: SubscriptionFactory
  /** Called at rest; what it throws is a violation. */
  readonly check?: Check
  /** Whether what happens is written down. @defaultValue false */
  readonly isStoryWanted?: boolean
}

/** A process that only says what its subscription looks like. */
const PROBE: SimulatedProcess = {
  name: 'probe',
  clock: { now: () => 0, monotonic: () => 0, setTimer: () => ({ cancel: () => {} }) },
  random: () => 0,
  broken: () => {},
}

/** Runs one scenario to its end, or to the first violation. The same scenario gives the same course of events. */
export async function runScenario({
  scenario,
  subscription,
  check,
  isStoryWanted = false,
}: RunOptions): Promise<Outcome> {
  const world = new World(scenario, subscription(PROBE), isStoryWanted)
  const group = new SimulatedGroup(world, subscription)
  for (let count = 0; count < scenario.members; count += 1) group.start()
  for (const arrival of scenario.arrivals) at(world, arrival.atMs, () => arrive(world, arrival))
  for (const happening of scenario.happenings) at(world, happening.atMs, () => group.happen(happening))
  at(world, scenario.calmFromMs, () => group.calm())
  await group.live(check)
  const { violation, handled } = world.oracle
  const { lines } = world.trace
  return { violation, story: lines, hash: world.trace.hash(), handled, lastedMs: world.clock.monotonic() }
}

function at(world: World, atMs: number, act: () => void): void {
  world.clock.setTimer(act, atMs)
}

function arrive({ cluster, trace }: World, { topic, partition, record, label }: Arrival): void {
  const log = cluster.topics.log({ topic, partition })
  if (record !== null) {
    const offset = log.append([record], null)
    trace.note(() => `${topic}/${partition} gets offset ${offset}: ${label}`)
  } else {
    const offset = log.append([{ key: null, value: null, headers: [], timestamp: 0 }], null)
    log.remove(offset)
    trace.note(() => `${topic}/${partition} uses up offset ${offset} for a control batch`)
  }
  cluster.topics.announceAppended({ topic, partition })
}
