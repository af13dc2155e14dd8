import { applyTopics, createEventBus, defineSubscription, handle, planTopics, Reject } from '@tributary/event-bus'
import { handleOnce, migrate, openDatabase } from '@tributary/postgres'
import { deliverySpy, inMemoryDriver } from '@tributary/testing'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { orderPlaced } from './fixtures/shop.ts'
import { cliBench } from './support/cli-bench.ts'

// The first start of the embedded database takes seconds.
it('an inbox sees through a redrive: what had its effect before it was given up has it once', {
  timeout: 90_000,
}, async () => {
  const database = await openDatabase()
  onTestFinished(() => database.close())
  await migrate(database, [{ name: 'test-001', sql: 'create table reserved (order_id text)' }])
  const { cluster, tributary } = cliBench()
  const driver = inMemoryDriver({ cluster })
  await using bus = createEventBus({ source: 'shop', driver })
  await using spy = deliverySpy()
  const firsts: boolean[] = []
  let isMailDown = true
  const stock = defineSubscription({
    group: 'stock',
    on: [
      handle(orderPlaced, async (event, ctx) => {
        const isFirst = await handleOnce(database, event, ctx, async (tx) => {
          await sql`insert into reserved values (${event.data.orderId})`.execute(tx)
        })
        firsts.push(isFirst)
        // After the effect, so that the event is given up with its effect done.
        if (isMailDown) throw new Reject('the mail server refuses')
      }),
    ],
  })
  await applyTopics(bus.admin, planTopics({ subscriptions: [stock], defaults: { partitions: 1 } }))
  await bus.subscribe(spy.wrap(stock)).ready
  await spy.watchDeadLetters(driver, stock)
  const { id } = await bus.publish(orderPlaced, { orderId: 'o-1' })
  await spy.waitFor({ id }, 'dead-lettered')

  isMailDown = false
  // Twice, as after a redrive that was killed between the write and the note of it.
  expect(await tributary('dlq', 'redrive', '--group', 'stock', '--id', id)).toMatchObject({ exitCode: 0 })
  expect(await tributary('dlq', 'redrive', '--group', 'stock', '--id', id, '--from-start')).toMatchObject({
    exitCode: 0,
  })
  await expect.poll(() => firsts).toEqual([true, false, false])
  const { rows } = await sql`select order_id from reserved`.execute(database.kysely)
  expect(rows).toEqual([{ order_id: 'o-1' }])
})
