import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { inventoryReserved, orderConfirmed, orderPlaced } from '@tributary/contracts'
import { type EmbeddedKafka, startEmbeddedKafka } from '@tributary/embedded-kafka'
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  type EventBus,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { deliverySpy } from '@tributary/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const order = (orderId: string) => ({
  orderId,
  customerId: 'VINET',
  email: 'vinet@northwind.example',
  lines: [{ sku: '11', quantity: 12, unitPrice: '14.00' }],
})

/** What topics depend on: the order service reads inventory's answers. */
const orderGroup = defineSubscription({ group: 'order', on: [handle(inventoryReserved, () => {})] })
const listener = defineSubscription({
  group: 'listener',
  on: [handle(orderPlaced, () => {}), handle(orderConfirmed, () => {})],
})

describe("the order service's process, on a broker that speaks Kafka's protocol", () => {
  const spy = deliverySpy()
  let kafka: EmbeddedKafka
  let bus: EventBus
  let dataDirectory: string
  let child: ChildProcess

  beforeAll(async () => {
    kafka = await startEmbeddedKafka({ brokers: 1 })
    bus = createEventBus({ source: 'test', driver: kafkajs({ brokers: kafka.bootstrapServers }) })
    await applyTopics(
      bus.admin,
      planTopics({ subscriptions: [orderGroup, listener], defaults: { partitions: 2, replicationFactor: 1 } }),
    )
    await bus.subscribe(spy.wrap(listener)).ready
  })
  afterAll(async () => {
    await bus.close()
    await kafka.close()
  })
  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'tributary-order-'))
  })
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(dataDirectory, { recursive: true })
  })

  /** Starts the service; resolves with its address when it says that it is ready. */
  async function start(): Promise<string> {
    const environment = {
      KAFKA_BROKERS: kafka.bootstrapServers.join(','),
      DATABASE_URL: dataDirectory,
      INSTANCE_ID: 'order-1',
    }
    child = spawn(process.execPath, ['--conditions=@tributary/source', main], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (child.stdout === null) throw new Error('no standard output')
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, port } = JSON.parse(line) as { msg: string; port?: number }
      if (msg === 'ready') {
        child.stdout.resume()
        return `http://127.0.0.1:${port}`
      }
    }
    throw new Error('the service ended before it was ready')
  }

  const post = (url: string, orderId: string) =>
    fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order(orderId)),
    })

  it('announces an order that it accepted right before kill -9, and goes on where it was', async () => {
    const before = await start()
    expect((await post(before, 'a-1')).status).toBe(202)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const after = await start()
    expect((await post(after, 'a-1')).status).toBe(202)
    const { id } = await spy.waitFor({ type: 'order.placed', key: 'a-1' }, 'handled', { timeoutMs: 60_000 })
    await bus.publish(inventoryReserved, { orderId: 'a-1', items: [] })
    await spy.waitFor({ type: 'order.confirmed', key: 'a-1' }, 'handled', { timeoutMs: 60_000 })
    expect(await (await fetch(`${after}/orders/a-1`)).json()).toMatchObject({ status: 'confirmed' })
    const placed = spy.seen.filter((fact) => fact.type === 'order.placed' && fact.key === 'a-1')
    expect(new Set(placed.map((fact) => fact.id))).toEqual(new Set([id]))
  }, 90_000)

  it('drains and ends with status 0 at SIGTERM', async () => {
    const url = await start()
    await post(url, 'b-1')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    await spy.waitFor({ type: 'order.placed', key: 'b-1' }, 'handled', { timeoutMs: 60_000 })
  }, 60_000)
})
