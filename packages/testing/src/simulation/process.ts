import {
  type Clock,
  createEventBus,
  type EventBus,
  type Logger,
  type Subscription,
  type SubscriptionDefinition,
} from '@tributary/event-bus'
import type { DriverHost } from './driver/host.ts'
import { RudeDriver } from './driver/rude-driver.ts'
import { ProcessWitness } from './oracle/process-witness.ts'
import type { Invariant } from './oracle/violation.ts'
import { watchedSubscription } from './oracle/watched-subscription.ts'
import { ProcessClock } from './process-clock.ts'
import { seededRandom } from './seeded-random.ts'
import type { World } from './world.ts'

/** What a subscription under simulation gets of the process it runs in. Wait with its clock, and nothing else: real time does not pass. */
export interface SimulatedProcess {
  /** `p1`, `p2`, ...; a process that comes back after a crash is another one. */
  readonly name: string
  readonly clock: Clock
  /** Numbers from the simulation's seed. */
  readonly random: () => number
  /** Ends the simulation: something that must hold does not. */
  readonly broken: (invariant: Invariant, message: string) => void
}

/** One process that serves the group, from its start to its end by closing or by being killed. */
export class MemberProcess implements SimulatedProcess {
  readonly name: string
  /** For handlers: apart from the engine's, so that what either leaves behind can be told. */
  readonly clock: ProcessClock
  readonly engineClock: ProcessClock
  readonly random: () => number
  readonly broken: SimulatedProcess['broken']
  readonly witness: ProcessWitness
  readonly bus: EventBus
  readonly subscription: Subscription
  readonly #driver: RudeDriver
  #state: 'running' | 'closing' | 'closed' | 'killed' = 'running'

  constructor(
    name: string,
    world: World,
    subscriptionOf: (process: SimulatedProcess) => SubscriptionDefinition,
    skewMs: number,
  ) {
    this.name = name
    this.clock = new ProcessClock(world.clock, skewMs)
    this.engineClock = new ProcessClock(world.clock, skewMs)
    const { next } = seededRandom(world.random.between(0, 2 ** 30))
    this.random = next
    this.broken = (invariant, message) => world.oracle.broken(invariant, `${name}: ${message}`)
    this.witness = new ProcessWitness(name, world.oracle, this.clock, () => this.#driver.memberIds)
    this.#driver = new RudeDriver(this.#host(world))
    const logger = world.trace.isWanted ? storyLogger(name, world) : undefined
    this.bus = createEventBus({
      source: name,
      driver: this.#driver,
      clock: this.engineClock,
      random: next,
      ...(logger === undefined ? {} : { logger }),
    })
    this.subscription = this.bus.subscribe(watchedSubscription(subscriptionOf(this), this.witness))
    void this.subscription.failed.then((error) => world.oracle.broken('I7', `${name} gave up: ${error.message}`))
  }

  get isAlive(): boolean {
    return this.#state !== 'killed'
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get memberIds(): readonly string[] {
    return this.#driver.memberIds
  }

  /** kill -9: whatever is in memory is gone, what is on its way to the cluster is not. */
  kill(): void {
    this.#state = 'killed'
    for (const clock of [this.clock, this.engineClock]) clock.stop()
    this.#driver.crash()
    this.witness.killed()
  }

  setPaused(isPaused: boolean): void {
    this.witness.isPaused = isPaused
    if (isPaused) this.subscription.pause()
    else this.subscription.resume()
  }

  jumpWallClock(ms: number): void {
    for (const clock of [this.clock, this.engineClock]) clock.jumpWallClock(ms)
  }

  async close(): Promise<void> {
    this.#state = 'closing'
    this.witness.closing()
    await this.bus.close()
    this.#state = 'closed'
  }

  #host(world: World): DriverHost {
    const { cluster, faults, random, scenario, trace } = world
    const isAlive = (): boolean => this.isAlive
    const transit = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(resolve, ms))
    return {
      name: this.name,
      get isAlive() {
        return isAlive()
      },
      cluster,
      faults,
      random,
      pace: scenario.pace,
      trace,
      witness: this.witness,
      transit,
      arrival: (ms) => new Promise((resolve) => void world.clock.setTimer(() => isAlive() && resolve(), ms)),
    }
  }
}

/** The engine's own complaints belong to the story. */
function storyLogger(name: string, { trace }: World): Logger {
  const say = (_: unknown, message?: string): void => trace.note(() => `${name} says: ${message ?? ''}`)
  const logger: Logger = { debug: () => {}, info: () => {}, warn: say, error: say, child: () => logger }
  return logger
}
