/** The event bus: what a service makes once, publishes through, subscribes to, and closes last. */
import type { SchemaStore } from './avro/schema-store.ts'
import { type Clock, systemClock } from './clock.ts'
import { ByteBudget } from './consuming/intake/flow-control.ts'
import { LoopBrake } from './consuming/intake/loop-brake.ts'
import { createSubscription, type Subscription } from './consuming/subscription.ts'
import type { SubscriptionDefinition } from './consuming/definition/subscription-definition.ts'
import type { Driver, DriverAdmin } from './driver.ts'
import { BusClosedError, GroupAlreadySubscribedError } from './errors.ts'
import { guardedLogger, type Logger, silentLogger } from './logger.ts'
import { createPublisher } from './publishing/create-publisher.ts'
import type { Publisher, PublisherLimits } from './publishing/publisher.ts'
import { createTelemetry, type TelemetryOptions } from './tracing/create-telemetry.ts'
import { untraced } from './tracing/suppression.ts'

export interface EventBusOptions {
  /** The service, as its events name it: `order-service`. Written into every event; event ids are unique within it. */
  readonly source: string
  /** How Kafka is reached. The bus closes it. */
  readonly driver: Driver
  /**
   * How brokers, logs and metrics name this process.
   *
   * @defaultValue `source`
   */
  readonly clientId?: string
  /** For subscriptions and their memberships; one that throws loses its line and nothing else. @defaultValue none: the bus writes nothing to a terminal */
  readonly logger?: Logger
  /** @defaultValue real time */
  readonly clock?: Clock
  /** Numbers from 0 up to 1, for the jitter of retries: a simulation gives seeded ones. @defaultValue Math.random */
  readonly random?: () => number
  /** Limits of publishing. */
  readonly publish?: PublisherLimits
  /**
   * Bytes of received records that all subscriptions together may hold; fetching stops above it. While the event loop is late (timers wait for 100 ms or more),
   * only a sixteenth of it may be held.
   *
   * @defaultValue 134,217,728 (128 MiB)
   */
  readonly maxReceivedBytes?: number
  /**
   * Where schemas are found that the definitions do not list, and where those of published events are announced: the first event of a type waits for
   * that, and what is encoded for an outbox counts as published. The bus does not close it.
   *
   * @defaultValue nowhere
   */
  readonly schemas?: SchemaStore
  /** Other OpenTelemetry providers than the global ones. */
  readonly telemetry?: TelemetryOptions
}

export interface EventBus extends Publisher, AsyncDisposable {
  readonly source: string
  /**
   * Starts a subscription; it joins its group at once. `ready` on the result says when it has.
   *
   * @throws {GroupAlreadySubscribedError} when this bus has a subscription of the group that is not closed.
   * @throws {SchemaConflictError} when two of its events cannot be told apart.
   * @throws {BusClosedError} after `close`.
   */
  subscribe(definition: SubscriptionDefinition): Subscription
  /** The cluster's administration, connected at the first use. For `applyTopics`, tools and tests. */
  readonly admin: DriverAdmin
  /**
   * Closes in the order in which work flows: subscriptions drain and commit, the publisher sends what it holds, then connections close. Every step
   * is bounded by its own deadlines. Idempotent.
   */
  close(): Promise<void>
}

/** Makes a bus. Nothing connects before something is published or subscribed. */
export function createEventBus(options: EventBusOptions): EventBus {
  return new KafkaEventBus(options)
}

const defaultReceivedBytes = 128 * 1024 * 1024

class KafkaEventBus implements EventBus {
  readonly source: string
  readonly publish: Publisher['publish']
  readonly publishMany: Publisher['publishMany']
  readonly encode: Publisher['encode']
  readonly publishEncoded: Publisher['publishEncoded']
  readonly flush: Publisher['flush']
  readonly #options: EventBusOptions
  readonly #driver: Driver
  readonly #clientId: string
  readonly #logger: Logger
  readonly #publisher: Publisher
  readonly #telemetry: ReturnType<typeof createTelemetry>
  readonly #budget: ByteBudget
  readonly #loopBrake: LoopBrake | null
  readonly #subscriptions = new Map<string, Subscription>()
  #admin: DriverAdmin | null = null
  #closing: Promise<void> | null = null

  constructor(options: EventBusOptions) {
    const { source, driver, clientId = source, clock = systemClock } = options
    this.source = source
    this.#options = options
    this.#driver = driver
    this.#clientId = clientId
    this.#logger = guardedLogger(options.logger ?? silentLogger)
    this.#telemetry = createTelemetry(options.telemetry)
    this.#budget = new ByteBudget(options.maxReceivedBytes ?? defaultReceivedBytes)
    // Virtual time is never late, and a simulation must not depend on the machine's.
    this.#loopBrake = clock === systemClock ? new LoopBrake(this.#budget, clock) : null
    const publisher = createPublisher({
      source,
      clientId,
      driver,
      clock,
      telemetry: this.#telemetry,
      ...(options.publish === undefined ? {} : { limits: options.publish }),
      ...(options.schemas === undefined ? {} : { schemas: options.schemas }),
    })
    this.#publisher = publisher
    // Bound, so that they work when taken out: `const { publish } = bus`.
    this.publish = publisher.publish.bind(publisher)
    this.publishMany = publisher.publishMany.bind(publisher)
    this.encode = publisher.encode.bind(publisher)
    this.publishEncoded = publisher.publishEncoded.bind(publisher)
    this.flush = publisher.flush.bind(publisher)
  }

  get admin(): DriverAdmin {
    if (this.#admin === null) {
      this.#refuseWhenClosed()
      this.#admin = untraced(() => this.#driver.createAdmin({ clientId: `${this.#clientId}-admin` }))
    }
    return this.#admin
  }

  subscribe(definition: SubscriptionDefinition): Subscription {
    this.#refuseWhenClosed()
    const { group } = definition
    if (this.#subscriptions.has(group)) {
      throw new GroupAlreadySubscribedError(
        `group ${group} is subscribed already: put its handlers into one subscription, or close the first`,
      )
    }
    const { clock = systemClock, random, schemas } = this.#options
    this.#loopBrake?.start()
    const running = untraced(() =>
      createSubscription(definition, {
        driver: this.#driver,
        publisher: this.#publisher,
        clock,
        logger: this.#logger,
        telemetry: this.#telemetry,
        clientId: this.#clientId,
        budget: this.#budget,
        ...(random === undefined ? {} : { random }),
        ...(schemas === undefined ? {} : { schemas }),
      }),
    )
    const subscription = new TrackedSubscription(running, () => this.#subscriptions.delete(group))
    this.#subscriptions.set(group, subscription)
    return subscription
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A step that fails keeps none of the later ones from happening; its error is told at the end. */
  async #close(): Promise<void> {
    this.#loopBrake?.stop()
    const steps: (() => Promise<unknown>)[] = [
      () => Promise.all(Array.from(this.#subscriptions.values(), (subscription) => subscription.close())),
      () => this.#publisher.close(),
      async () => this.#admin?.close(),
      () => this.#driver.close(),
    ]
    const errors: unknown[] = []
    for (const step of steps) {
      try {
        await untraced(step)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'the bus is closed, but not everything closed cleanly')
  }

  #refuseWhenClosed(): void {
    if (this.#closing === null) return
    throw new BusClosedError('the bus is closed: make a new one', { outcome: 'not-written' })
  }
}

/** A subscription whose group is free again once it is closed. */
class TrackedSubscription implements Subscription {
  readonly group: string
  readonly ready: Promise<void>
  readonly failed: Promise<Error>
  readonly #running: Subscription
  readonly #onClosed: () => void
  #closing: Promise<void> | null = null

  constructor(running: Subscription, onClosed: () => void) {
    this.group = running.group
    this.ready = running.ready
    this.failed = running.failed
    this.#running = running
    this.#onClosed = onClosed
  }

  pause(): void {
    this.#running.pause()
  }

  resume(): void {
    this.#running.resume()
  }

  health(): ReturnType<Subscription['health']> {
    return this.#running.health()
  }

  close(): Promise<void> {
    this.#closing ??= this.#running.close().finally(this.#onClosed)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
