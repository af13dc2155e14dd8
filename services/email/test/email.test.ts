import { orderConfirmed, orderRejected } from '@tributary/contracts'
import { applyTopics, createEventBus, type EventBus, planTopics } from '@tributary/event-bus'
import { type SmtpSink, startSmtpSink } from '@tributary/infra'
import { type Database, migrate, openDatabase } from '@tributary/postgres'
import { deliverySpy, inMemoryDriver } from '@tributary/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailer, type Mailer, messageIdOf } from '../src/adapters/mailer.ts'
import { emailSubscription } from '../src/subscription.ts'

const about = (orderId: string, email: string) => ({ orderId, customerId: 'Zoë', email, total: '12.5000' })

describe('the email service', () => {
  const spy = deliverySpy()
  let database: Database
  let bus: EventBus
  let sink: SmtpSink
  let mailer: Mailer
  const mailsOf = (orderId: string) => sink.mails.filter((mail) => mail.headers['x-order-id'] === orderId)

  beforeAll(async () => {
    database = await openDatabase()
    await migrate(database)
    sink = await startSmtpSink()
    mailer = createMailer({ url: sink.url, from: 'Shop <shop@tributary.example>' })
    const driver = inMemoryDriver()
    bus = createEventBus({ source: 'test', driver })
    const subscription = emailSubscription({ database, mailer, instanceId: undefined })
    await applyTopics(bus.admin, planTopics({ subscriptions: [subscription], defaults: { partitions: 3 } }))
    await spy.watchDeadLetters(driver, subscription)
    await bus.subscribe(spy.wrap(subscription)).ready
  })
  afterAll(async () => {
    await spy.close()
    await bus.close()
    mailer.close()
    await sink.close()
    await database.close()
  })

  it('mails every outcome, under a Message-ID made from the event', async () => {
    const confirmed = await bus.publish(orderConfirmed, about('1', 'ok@x.example'))
    const rejected = await bus.publish(orderRejected, { ...about('2', 'ok@x.example'), reason: 'not in stock: 51' })
    await spy.waitFor({ id: confirmed.id }, 'handled')
    await spy.waitFor({ id: rejected.id }, 'handled')
    expect(mailsOf('1')).toMatchObject([
      {
        to: ['ok@x.example'],
        subject: 'Your order 1 is confirmed',
        messageId: messageIdOf(confirmed.id),
        headers: { 'x-event-id': confirmed.id, 'x-order-outcome': 'confirmed' },
      },
    ])
    expect(mailsOf('1')[0]?.text).toContain('Zoë')
    expect(mailsOf('2')).toMatchObject([
      { subject: 'We cannot fill your order 2', headers: { 'x-order-outcome': 'rejected' } },
    ])
  })

  it('does not mail an event again that is delivered again', async () => {
    const { id } = await bus.publish(orderConfirmed, about('3', 'ok@x.example'))
    await bus.publish(orderConfirmed, about('3', 'ok@x.example'), { id })
    await spy.waitFor({ id }, 'skipped')
    expect(mailsOf('3')).toHaveLength(1)
  })

  it('mails again under the same Message-ID when it died between the mail and the inbox', async () => {
    const { id } = await bus.publish(orderConfirmed, about('4', 'ok@x.example'))
    await spy.waitFor({ id }, 'handled')
    await sql`delete from tributary_inbox where event_id = ${id}`.execute(database.kysely)
    await bus.publish(orderConfirmed, about('4', 'ok@x.example'), { id })
    await spy.waitForCount(2, { id }, 'handled')
    expect(mailsOf('4').map((mail) => mail.messageId)).toEqual([messageIdOf(id), messageIdOf(id)])
  })

  it('tries again what the server refuses for now', async () => {
    const { id } = await bus.publish(orderConfirmed, about('5', 'grey@x.example'))
    const { attempts } = await spy.waitFor({ id }, 'handled')
    expect(attempts).toBe(3)
    expect(mailsOf('5')).toHaveLength(1)
  })

  it('dead-letters at once what the server refuses for good, and mails what comes after it', async () => {
    const bounced = await bus.publish(orderConfirmed, about('6', 'bounce@x.example'))
    const next = await bus.publish(orderConfirmed, about('6', 'ok@x.example'))
    const letter = await spy.waitFor({ id: bounced.id }, 'dead-lettered')
    expect(letter.attempts).toBe(1)
    expect(letter.reason).toContain('550')
    await spy.waitFor({ id: next.id }, 'handled')
  })

  it('waits while the server is away, and dead-letters nothing for it', async () => {
    await sink.goAway()
    const { id } = await bus.publish(orderConfirmed, about('7', 'ok@x.example'))
    await spy.waitForCount(3, { id }, 'failed')
    await sink.comeBack()
    await spy.waitFor({ id }, 'handled')
    expect(mailsOf('7')).toHaveLength(1)
    expect(spy.seen.filter((fact) => fact.id === id && fact.outcome === 'dead-lettered')).toEqual([])
  })
})
