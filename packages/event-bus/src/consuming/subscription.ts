import type { SchemaStore } from '../avro/schema-store.ts'
import type { Clock } from '../clock.ts'
import type { Driver, DriverConsumer } from '../driver.ts'
import { BusClosedError } from '../errors.ts'
import { createEventDecoder } from '../events/event-decoder.ts'
import { DepartureWriter } from '../failing/departure-writer.ts'
import type { Logger } from '../logger.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { Telemetry } from '../tracing/telemetry.ts'
import { DeliveryRunner } from './attempts/delivery-runner.ts'
import { DeliverySettler } from './attempts/delivery-settler.ts'
import { errorText } from './health/error-text.ts'
import type { ByteBudget } from './intake/flow-control.ts'
import { GroupEngine } from './group-engine.ts'
import { GroupTopics } from './group-topics.ts'
import { degradationsOf, readingOf, type SubscriptionHealth } from './health/health.ts'
import { LeftoverWatch } from './leftover-watch.ts'
import { oldestUnsettled } from './health/oldest-unsettled.ts'
import { OutageGates } from './outages/outage-gates.ts'
import { outageDegradations, outagesOf } from './health/outage-health.ts'
import { warnOfShortRetention } from './retention-check.ts'
import { createStartPolicy } from './start-policy.ts'
import type { SubscriptionDefinition } from './definition/subscription-definition.ts'
import { TurnClock } from './turn-clock.ts'

/** A subscription that runs. */
export interface Subscription extends AsyncDisposable {
  readonly group: string
  /** Resolves when the group has been joined for the first time; rejects when that can never be, or the subscription is closed before. */
  readonly ready: Promise<void>
  /** Resolves with the reason when the membership ends for good by itself: nothing is consumed any more. Never rejects. */
  readonly failed: Promise<Error>
  /**
   * Starts no new attempt until `resume`, neither of records nor of retries, and on no partition that is gained meanwhile. What is under way goes on and is
   * committed; the group membership stays. Does nothing once it is closed.
   */
  pause(): void
  resume(): void
  /** Cheap enough for a probe. */
  health(): SubscriptionHealth
  /**
   * Waits up to `drainMs` for attempts under way, commits what is settled, leaves the group. Idempotent: later calls answer with the same promise. What has
   * not ended by then is fenced, and handled again by the next owner.
   */
  close(): Promise<void>
}

export interface SubscriptionDependencies {
  readonly driver: Driver
  /** For `ctx.publish` and `ctx.encode`. */
  readonly publisher: Pick<Publisher, 'publish' | 'encode'>
  readonly clock: Clock
  readonly logger: Logger
  readonly telemetry: Telemetry
  readonly clientId: string
  /** Shared by all subscriptions of the process. */
  readonly budget: ByteBudget
  /** Where schemas are found that the definitions do not list. @defaultValue nowhere */
  readonly schemas?: SchemaStore
  /** Numbers from 0 to 1 for jitter. @defaultValue Math.random */
  readonly random?: () => number
}

/** Starts a subscription. @throws {SchemaConflictError} when two of its events cannot be told apart. */
export function createSubscription(
  definition: SubscriptionDefinition,
  dependencies: SubscriptionDependencies,
): Subscription {
  return new RunningSubscription(definition, dependencies)
}

class RunningSubscription implements Subscription {
  readonly group: string
  readonly ready: Promise<void>
  readonly failed: Promise<Error>
  readonly #definition: SubscriptionDefinition
  readonly #clock: Clock
  readonly #engine: GroupEngine
  readonly #runner: DeliveryRunner
  readonly #gates: OutageGates
  readonly #consumer: DriverConsumer
  readonly #closeDepartures: () => Promise<void>
  readonly #stopObserving: readonly (() => void)[]
  readonly #leftovers: LeftoverWatch
  readonly #closed = Promise.withResolvers<never>()
  #closing: Promise<void> | null = null

  constructor(definition: SubscriptionDefinition, dependencies: SubscriptionDependencies) {
    const { driver, telemetry, clientId, schemas, budget, publisher } = dependencies
    const { group } = definition
    const clock = new TurnClock(dependencies.clock)
    const logger = dependencies.logger.child({ group })
    const topics = new GroupTopics(definition)
    const failed = Promise.withResolvers<Error>()
    const metrics = telemetry.subscriptionMetrics({ group, clientId, topics: topics.defined })
    const decoder = createEventDecoder({
      definitions: definition.on.map(({ event }) => event),
      ...(schemas === undefined ? {} : { schemas }),
    })
    // A producer of its own: dead letters and retries do not queue behind what the application publishes, nor the other way round.
    const departureProducer = driver.createProducer({ clientId: `${clientId}-departures` })

    this.group = group
    this.failed = failed.promise
    this.#definition = definition
    this.#clock = clock
    this.#gates = new OutageGates({
      definition,
      clock,
      logger,
      metrics,
      onRunnable: () => this.#engine.dispatcher.dispatch(),
    })
    this.#engine = new GroupEngine({
      definition,
      topics,
      clock,
      logger,
      metrics,
      budget,
      consumer: () => this.#consumer,
      runner: () => this.#runner,
      random: dependencies.random ?? Math.random,
      gates: this.#gates,
      startFrom: createStartPolicy({
        driver,
        definition,
        clientId,
        logger,
        clock,
        isClosing: () => this.#engine.isClosing,
      }),
      onFailed: (error) => {
        logger.error({ err: error }, 'subscription failed: nothing is consumed any more')
        failed.resolve(error)
      },
    })
    const settler = new DeliverySettler({
      policy: definition.onFailure,
      departures: new DepartureWriter({ producer: departureProducer, group, clientId, clock, telemetry }),
      clock,
      logger,
      metrics,
      random: dependencies.random ?? Math.random,
      onSettled: (delivery) => this.#engine.settled(delivery),
      onRunnable: () => this.#engine.dispatcher.dispatch(),
    })
    this.#runner = new DeliveryRunner({
      definition,
      clientId,
      decoder,
      settler,
      gates: this.#gates,
      publisher,
      clock,
      logger,
      telemetry,
      metrics,
      onSlotFree: () => this.#engine.dispatcher.dispatch(),
      onLeftBehind: (delivery) => this.#engine.leftBehind(delivery),
    })
    this.#closeDepartures = () => departureProducer.close()
    this.#stopObserving = [
      metrics.observe(() => {
        const nowMs = clock.monotonic()
        return Array.from(this.#engine.runs, (run) => readingOf(run, nowMs))
      }),
      metrics.observeOutages(() => this.#gates.readings()),
    ]
    const { sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs, instanceId } = definition.session
    this.#consumer = driver.joinGroup(
      {
        group,
        topics: topics.defined,
        clientId,
        logger: dependencies.logger,
        sessionTimeoutMs,
        heartbeatIntervalMs,
        rebalanceTimeoutMs,
        drainMs: definition.drainMs,
        ...definition.fetch,
        ...(instanceId === undefined ? {} : { instanceId }),
      },
      this.#engine,
    )
    this.#leftovers = new LeftoverWatch({
      driver,
      clientId,
      topics,
      clock,
      logger,
      onFound: (found) => {
        found.forEach(metrics.opened)
        this.#consumer.alsoRead(found)
      },
    })
    this.ready = Promise.race([this.#consumer.joined, this.#closed.promise])
    // After the join, so that it delays nothing.
    this.#consumer.joined.then(
      () => warnOfShortRetention(definition, { driver, clientId, logger }),
      () => {},
    )
    // Nobody needs to wait for it: who does sees the rejection all the same.
    this.ready.catch(() => {})
  }

  pause(): void {
    if (this.#closing === null) this.#engine.setPaused(true)
  }

  resume(): void {
    if (this.#closing === null) this.#engine.setPaused(false)
  }

  health(): SubscriptionHealth {
    const nowMs = this.#clock.monotonic()
    const { state, lastError } = this.#consumer.status()
    const { abandoned } = this.#runner.inFlight
    const runs = [...this.#engine.runs]
    const readings = runs.map((run) => readingOf(run, nowMs))
    const isWaiting = runs.some((run) => run.oldestReceivedAt !== null)
    return {
      live: state !== 'failed' && abandoned < this.#definition.attempt.maxAbandoned,
      ready: (state === 'stable' || state === 'rebalancing') && this.#closing === null,
      paused: this.#engine.dispatcher.isPaused && this.#closing === null,
      state,
      lastError: lastError === null ? null : errorText(lastError),
      degraded: [...outageDegradations(this.#gates, nowMs), ...runs.flatMap((run) => degradationsOf(run, nowMs))],
      outages: outagesOf(this.#gates, nowMs),
      lag: readings.reduce((sum, { lag }) => sum + lag, 0),
      oldestUnsettledMs: isWaiting ? Math.max(...readings.map(({ oldestUnsettledMs }) => oldestUnsettledMs)) : null,
      oldestUnsettled: oldestUnsettled(runs, this.#runner.inFlight, this.#engine.dispatcher.isPaused, nowMs),
      inFlight: this.#runner.slotsTaken,
      abandoned,
      expired: this.#engine.retentionLoss.count,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#closed.reject(
      new BusClosedError(`subscription of group '${this.group}' is closed`, { outcome: 'not-written' }),
    )
    this.#leftovers.close()
    await this.#engine.close()
    for (const stop of this.#stopObserving) stop()
    this.#gates.close()
    this.#runner.inFlight.close()
    await Promise.all([this.#consumer.close(), this.#closeDepartures()])
  }
}
