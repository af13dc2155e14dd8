import { type SmtpSink, startMailboxServer, startSmtpSink } from '@tributary/infra'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, expect, test } from 'vitest'

let sink: SmtpSink
beforeEach(async () => {
  sink = await startSmtpSink()
})
afterEach(() => sink.close())

function send(to: string, headers: Record<string, string> = {}) {
  const transport = createTransport({ host: '127.0.0.1', port: sink.port, connectionTimeout: 1_000 })
  return transport.sendMail({
    from: 'shop@shop.example',
    to,
    subject: 'Zażółć – 10248',
    text: 'Hello',
    messageId: '<evt-1@shop.example>',
    headers,
  })
}

test('keeps a mail with its id, its own headers and a subject beyond ASCII', async () => {
  await send('ann@shop.example', { 'X-Event-Id': 'evt-1' })
  expect(sink.mails).toMatchObject([
    { to: ['ann@shop.example'], subject: 'Zażółć – 10248', messageId: '<evt-1@shop.example>' },
  ])
  expect(sink.mails[0]?.headers['x-event-id']).toBe('evt-1')
})

test('a recipient called bounce is refused for good, one called grey twice and then accepted', async () => {
  await expect(send('bounce@shop.example')).rejects.toMatchObject({ responseCode: 550 })
  await expect(send('grey@shop.example')).rejects.toMatchObject({ responseCode: 451 })
  await expect(send('grey@shop.example')).rejects.toMatchObject({ responseCode: 451 })
  await send('grey@shop.example')
  expect(sink.mails).toHaveLength(1)
})

test('a dropped connection leaves the sender without an answer and the mail in the box', async () => {
  await expect(send('drop@shop.example')).rejects.toMatchObject({ code: 'ECONNECTION' })
  expect(sink.mails).toHaveLength(1)
})

test('while a fault is set every recipient meets it', async () => {
  sink.setFault('refuse')
  await expect(send('ann@shop.example')).rejects.toMatchObject({ responseCode: 451 })
  sink.setFault(undefined)
  await send('ann@shop.example')
  expect(sink.mails).toHaveLength(1)
})

test('a sink that went away refuses connections, and comes back on its port with its mails', async () => {
  await send('ann@shop.example')
  await sink.goAway()
  await expect(send('ann@shop.example')).rejects.toMatchObject({ code: 'ESOCKET' })
  await sink.comeBack()
  await send('ann@shop.example')
  expect(sink.mails).toHaveLength(2)
})

test('another process can read the mails and take the server down over HTTP', async () => {
  const mailbox = await startMailboxServer(sink)
  await send('ann@shop.example')
  expect(await (await fetch(`${mailbox.url}/mails`)).json()).toMatchObject([{ to: ['ann@shop.example'] }])
  await fetch(`${mailbox.url}/away`, { method: 'POST' })
  await expect(send('ann@shop.example')).rejects.toMatchObject({ code: 'ESOCKET' })
  await fetch(`${mailbox.url}/back`, { method: 'POST' })
  await send('ann@shop.example')
  await mailbox.close()
})
