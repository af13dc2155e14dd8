import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import {
  applyTopics,
  createEventBus,
  defineEvent,
  defineSubscription,
  handle,
  headerText,
  planTopics,
  Reject,
} from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { deliverySpy } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../src/run.ts'

const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: ({ orderId }) => orderId,
  schema: { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }] },
})

describe('a dead letter that is redriven', () => {
  it('is handled by its group, with its id and anew from the first attempt, and fails again into the dead-letter topic with one more redrive', async () => {
    await using kafka = await startEmbeddedKafka({ autoCreateTopics: false })
    const driver = kafkajs({ brokers: kafka.bootstrapServers })
    await using bus = createEventBus({ source: 'shop', driver })
    await using spy = deliverySpy()
    let isMended = false
    const stock = defineSubscription({
      group: 'stock',
      on: [
        handle(orderPlaced, ({ data }) => {
          if (!isMended || data.orderId === 'hopeless') throw new Reject('no such product')
        }),
      ],
      fetch: { maxWaitMs: 100 },
    })
    await applyTopics(bus.admin, planTopics({ subscriptions: [stock], defaults: { partitions: 2 } }))
    await bus.subscribe(spy.wrap(stock)).ready
    await spy.watchDeadLetters(driver, stock)
    const mendable = await bus.publish(orderPlaced, { orderId: 'mendable' })
    const hopeless = await bus.publish(orderPlaced, { orderId: 'hopeless' })
    await spy.waitForCount(2, {}, 'dead-lettered')

    isMended = true
    let output = ''
    const exitCode = await run(['dlq', 'redrive', '--group', 'stock', '--json'], {
      variables: { KAFKA_BROKERS: kafka.bootstrapServers.join(',') },
      writeOut: (text) => {
        output += text
      },
      writeError: (text) => expect.unreachable(text),
      connect: (brokers) => kafkajs({ brokers }),
      interrupted: () => new Promise(() => {}),
      workingDirectory: import.meta.dirname,
    })
    expect(exitCode).toBe(0)
    expect(JSON.parse(output)).toMatchObject([{ redriven: 2, leftBehind: [], remaining: '0' }])
    // With the hop that brought it to the dead-letter topic: the attempt that follows is linked to it, in the trace of its publish.
    const [letters, redriven] = ['orders.stock.dlq', 'orders.stock.redrive'].map((topic) =>
      [0, 1].flatMap((partition) =>
        partition < kafka.partitionCount(topic) ? kafka.log(topic, partition).map(({ headers }) => headers) : [],
      ),
    )
    expect(redriven).toHaveLength(2)
    for (const headers of redriven ?? []) {
      expect(headers.map(([name]) => name)).toContain('tributary.traceparent')
      expect(letters).toContainEqual(headers.filter(([name]) => name !== 'tributary.redrive-count'))
    }
    expect(await spy.waitFor({ id: mendable.id }, 'handled')).toMatchObject({
      attempts: 1,
      topic: 'orders.stock.redrive',
    })

    const [, again] = await spy.waitForCount(2, { id: hopeless.id }, 'dead-lettered')
    const header = (name: string): string | null => headerText(again?.record?.headers ?? [], name)
    expect(header('tributary.redrive-count')).toBe('1')
    expect(header('tributary.origin.topic')).toBe('orders')
    expect(header('tributary.origin.offset')).toBe(String(hopeless.offset))
  })
})
