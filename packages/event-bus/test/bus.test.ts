import { describe, expect, it } from 'vitest'
import { createEventBus } from '../src/bus.ts'
import { handle } from '../src/consuming/definition/handler.ts'
import { defineSubscription } from '../src/consuming/definition/subscription-definition.ts'
import type { DriverAdmin } from '../src/driver.ts'
import type { Logger } from '../src/logger.ts'
import { ScriptedDriver } from './consuming/scripted-driver.ts'
import { FakeAdmin } from './support/fake-admin.ts'
import { orderPlaced } from './support/orders.ts'

class NotingDriver extends ScriptedDriver {
  admins = 0

  override createAdmin(): DriverAdmin {
    this.admins += 1
    const admin = new FakeAdmin()
    admin.close = async () => void this.calls.push('close admin')
    return admin
  }

  override async close(): Promise<void> {
    this.calls.push('close driver')
  }
}

const inventory = defineSubscription({ group: 'inventory', on: [handle(orderPlaced, () => {})] })

function makeBus() {
  const driver = new NotingDriver()
  return { driver, bus: createEventBus({ source: 'order-service', driver }) }
}

describe('a bus', () => {
  it('makes its admin at the first use, and once', async () => {
    const { bus, driver } = makeBus()
    expect(driver.admins).toBe(0)
    expect(bus.admin).toBe(bus.admin)
    expect(driver.admins).toBe(1)
    await bus.close()
  })

  it('publishes with methods that work when taken out', async () => {
    const { bus, driver } = makeBus()
    const { publish, encode, publishEncoded, flush } = bus
    await publish(orderPlaced, { orderId: 'o-1' })
    await publishEncoded([encode(orderPlaced, { orderId: 'o-2' })])
    await flush()
    expect(driver.appended.map(({ record }) => String(record.key))).toEqual(['o-1', 'o-2'])
    await bus.close()
  })

  it('refuses a second subscription of a group until the first is closed', async () => {
    const { bus } = makeBus()
    const first = bus.subscribe(inventory)
    expect(() => bus.subscribe(inventory)).toThrow(expect.objectContaining({ code: 'GROUP_ALREADY_SUBSCRIBED' }))
    await first.close()
    expect(() => bus.subscribe(inventory)).not.toThrow()
    await bus.close()
  })

  it('closes subscriptions first, then its publisher with what that still holds, then its connections', async () => {
    const { bus, driver } = makeBus()
    bus.subscribe(inventory)
    expect(bus.admin).toBeDefined()
    // The first look for topics that were left has an admin of its own.
    await new Promise((resolve) => setImmediate(resolve))
    driver.calls.length = 0
    const published = bus.publish(orderPlaced, { orderId: 'o-1' })
    await bus.close()
    await expect(published).resolves.toMatchObject({ topic: 'orders' })
    expect(driver.calls.filter((call) => call.startsWith('close'))).toEqual([
      'close consumer',
      'close producer',
      'close producer',
      'close admin',
      'close driver',
    ])
  })

  it('closes everything even when a step fails, and says so', async () => {
    const { bus, driver } = makeBus()
    bus.admin.close = async () => {
      throw new Error('admin would not close')
    }
    await expect(bus.close()).rejects.toThrow('admin would not close')
    expect(driver.calls).toContain('close driver')
  })

  it('is closed once, by whoever asks first, also by `await using`', async () => {
    const { bus, driver } = makeBus()
    {
      await using used = bus
      expect(used).toBe(bus)
    }
    expect(bus.close()).toBe(bus.close())
    await bus.close()
    expect(driver.calls.filter((call) => call === 'close driver')).toHaveLength(1)
  })

  it('consumes on when its logger throws, as one that writes JSON does for a bigint, and hands it guarded to its driver', async () => {
    const driver = new NotingDriver()
    const lost: string[] = []
    const write = (fields: object, message: string): void => {
      lost.push(message)
      JSON.stringify(fields)
      throw new Error('the disk of the log is full')
    }
    const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }
    const bus = createEventBus({ source: 'order-service', driver, logger })
    const handled = Promise.withResolvers<void>()
    bus.subscribe(defineSubscription({ group: 'inventory', on: [handle(orderPlaced, () => handled.resolve())] }))
    const partition = await driver.assign(0)
    const { key, value, headers } = bus.encode(orderPlaced, { orderId: 'o-1' })
    partition.deliver([{ key, value, headers }])
    await handled.promise
    await bus.close()
    expect(driver.committed(0)).toBe(1n)
    expect(lost).toContain('partition assigned')
    const toDriver = lost.length
    expect(() => driver.options?.logger?.warn({}, 'not reachable')).not.toThrow()
    expect(lost.slice(toDriver)).toEqual(['not reachable'])
  })

  it('refuses everything once it is closed', async () => {
    const { bus } = makeBus()
    await bus.close()
    const closed = expect.objectContaining({ code: 'BUS_CLOSED' })
    await expect(bus.publish(orderPlaced, { orderId: 'o-1' })).rejects.toEqual(closed)
    expect(() => bus.subscribe(inventory)).toThrow(closed)
    expect(() => bus.admin).toThrow(closed)
  })
})
