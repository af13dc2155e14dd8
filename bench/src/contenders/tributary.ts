/** Tributary as a service uses it: typed Avro events, CloudEvents and trace headers, order by key, contiguous commits, its defaults. */
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  handle as handleEvent,
  planTopics,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { orderEvent } from '../orders/order.ts'
import type { Contender, OrderHandler, OrderPublisher, Source, Target } from './contender.ts'

export const tributary: Contender = {
  form: 'events',
  worksAt: ['batches', 'calls', 'drain', 'waits', 'skew', 'flow', 'stuck'],
  openPublisher,
  consume,
}

export function busFor({ brokers }: Target) {
  return createEventBus({ source: 'bench', driver: kafkajs({ brokers }) })
}

function openPublisher(target: Target): Promise<OrderPublisher> {
  const bus = busFor(target)
  const event = orderEvent(target.topic)
  return Promise.resolve({
    publishMany: (orders) =>
      bus.publishMany(
        event,
        orders.map(({ order }) => order),
      ),
    publish: ({ order }) => bus.publish(event, order),
    close: () => bus.close(),
  })
}

async function consume(source: Source, handle: OrderHandler) {
  const on = handleEvent(orderEvent(source.topic), ({ data }) => handle(Number(data.orderId), data))
  return serve(source, [on])
}

/** A service of its own with these handlers. */
export async function serve(source: Source, on: SubscriptionOptions['on']) {
  const bus = busFor(source)
  const subscription = defineSubscription({ group: source.group, concurrency: source.concurrency, on })
  await applyTopics(bus.admin, planTopics({ subscriptions: [subscription], defaults: { replicationFactor: 1 } }))
  await bus.subscribe(subscription).ready
  return { close: () => bus.close() }
}
