import type { SchemaStore } from '../../src/avro/schema-store.ts'
import { ByteBudget } from '../../src/consuming/intake/flow-control.ts'
import { type EventHandler, handle } from '../../src/consuming/definition/handler.ts'
import { createSubscription, type Subscription } from '../../src/consuming/subscription.ts'
import { defineSubscription, type SubscriptionOptions } from '../../src/consuming/definition/subscription-definition.ts'
import type { RawRecord } from '../../src/driver.ts'
import { defineEvent } from '../../src/events/define-event.ts'
import { encodeEvent } from '../../src/events/event-codec.ts'
import { callHeaders, eventHeaders, typeHeader } from '../../src/events/headers.ts'
import { silentLogger } from '../../src/logger.ts'
import { createPublisher } from '../../src/publishing/create-publisher.ts'
import type { PublishedEvent, Publisher, PublishOptions } from '../../src/publishing/publisher.ts'
import { rawHeaders } from '../../src/raw-record.ts'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import { ManualClock } from './manual-clock.ts'
import { ScriptedDriver } from './scripted-driver.ts'

export const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderPlaced',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'n', type: 'int' },
    ],
  },
})

/** A record of an order; `n` tells the records of a test apart, and the event's id is derived from it. */
export function order(orderId: string, n: number): Pick<RawRecord, 'key' | 'value' | 'headers'> {
  const meta = { id: `event-${n}`, traceId: 'a'.repeat(32), timestamp: new Date(0), source: 'test' }
  return {
    key: Buffer.from(orderId),
    value: encodeEvent(orderPlaced, { orderId, n }, meta),
    headers: rawHeaders(eventHeaders(callHeaders({ ...meta, type: typeHeader('order.placed') }), meta.id)),
  }
}

export interface Rig {
  readonly clock: ManualClock
  readonly driver: ScriptedDriver
  readonly budget: ByteBudget
  readonly subscription: Subscription
  /** What `ctx.publish` was asked for. */
  readonly published: { type: string; data: unknown; options: PublishOptions }[]
}

/** A subscription of group `inventory` to `order.placed` that runs on a scripted driver. */
export function rig(
  handler: EventHandler<typeof orderPlaced>,
  options: Partial<SubscriptionOptions> = {},
  given: {
    budget?: ByteBudget
    clock?: ManualClock
    driver?: ScriptedDriver
    schemas?: SchemaStore
    telemetry?: ReturnType<typeof createTelemetry>
  } = {},
): Rig {
  const clock = given.clock ?? new ManualClock()
  const driver = given.driver ?? new ScriptedDriver()
  const budget = given.budget ?? new ByteBudget(1_000_000)
  const published: Rig['published'] = []
  const telemetry = given.telemetry ?? createTelemetry()
  const encoder = createPublisher({ source: 'test', clientId: 'test', driver, clock, telemetry })
  const publisher: Pick<Publisher, 'publish' | 'encode'> = {
    encode: encoder.encode.bind(encoder),
    publish: async (definition, data, publishOptions = {}): Promise<PublishedEvent> => {
      published.push({ type: definition.type, data, options: publishOptions })
      return { id: publishOptions.id ?? '', topic: definition.topic, partition: 0, offset: 0n }
    },
  }
  const subscription = createSubscription(
    defineSubscription({ group: 'inventory', on: [handle(orderPlaced, handler)], ...options }),
    {
      driver,
      publisher,
      clock,
      logger: silentLogger,
      telemetry,
      clientId: 'test',
      budget,
      random: () => 0,
      ...(given.schemas === undefined ? {} : { schemas: given.schemas }),
    },
  )
  return { clock, driver, budget, subscription, published }
}
