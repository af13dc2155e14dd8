import { connect } from 'node:net'
import { expect, test } from 'vitest'

const listeners = [
  'TRIBUTARY_REAL_KAFKA',
  'TRIBUTARY_REAL_KAFKA_SASL',
  'TRIBUTARY_REAL_KAFKA_SSL',
  'TRIBUTARY_REAL_POSTGRES',
  'TRIBUTARY_REAL_SMTP',
]

test.each(listeners)('%s names a listener that accepts connections', async (variable) => {
  const [, host, port] = /([\d.]+):(\d+)/.exec(process.env[variable] ?? '') ?? []
  const socket = connect(Number(port), host)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.destroy()
})

test('Jaeger answers its query API', async () => {
  const response = await fetch(`${process.env['TRIBUTARY_REAL_JAEGER_QUERY']}/api/services`)
  expect(response.status).toBe(200)
})

test('the SMTP sink says which mails it has', async () => {
  const response = await fetch(`${process.env['TRIBUTARY_REAL_MAILBOX']}/mails`)
  expect(Array.isArray(await response.json())).toBe(true)
})
