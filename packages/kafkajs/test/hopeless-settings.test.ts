/** Settings that can never work are named at once, instead of being tried for ever. */
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { checkKafkajsVersion, KAFKAJS_VERSION } from '../src/wire/kafkajs-internals.ts'
import { stage, tell } from './stage.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Stands for a TLS listener that is spoken to in plain text: it takes connections and closes them at the first bytes. */
async function closesAtFirstBytes(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end()))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

describe('settings that can never work', () => {
  it('are listed together when the driver is made', () => {
    expect(() => kafkajs({ brokers: ['nonsense', 'host:99999'], requestTimeoutMs: 0 })).toThrow(
      expect.objectContaining({
        code: 'CONNECTION_CONFIG_INVALID',
        message: expect.stringMatching(/"nonsense".*"host:99999".*requestTimeoutMs/),
      }),
    )
  })

  it('name `ssl` when the broker closes every connection at the first request', async () => {
    const driver = kafkajs({ brokers: [await closesAtFirstBytes()] })
    const admin = driver.createAdmin({ clientId: 'a' })
    await expect(admin.listTopics()).rejects.toMatchObject({
      code: 'CONNECTION_CONFIG_INVALID',
      message: expect.stringContaining('`ssl`'),
    })
    await driver.close()
  })

  it('name `ssl` when the broker does not speak TLS', async () => {
    const { kafka } = await stage({ kafka: { warn: () => {} } })
    const driver = kafkajs({ brokers: kafka.bootstrapServers, ssl: true })
    await expect(driver.createProducer({ clientId: 'p' }).partitionCount('orders')).rejects.toMatchObject({
      code: 'CONNECTION_CONFIG_INVALID',
      message: expect.stringContaining('`ssl`'),
    })
    await driver.close()
  })

  it('name `sasl` when the broker closes every connection after the handshake', async () => {
    const { kafka } = await stage()
    kafka.faults.on('Metadata', { times: Number.POSITIVE_INFINITY }).dropConnection('before')
    kafka.faults.on('FindCoordinator', { times: Number.POSITIVE_INFINITY }).dropConnection('before')
    const driver = kafkajs({ brokers: kafka.bootstrapServers })
    const told = await tell(driver.createProducer({ clientId: 'p' }), 'orders', 0, 'a')
    expect(told).toMatchObject({ outcome: 'not-written', error: { cause: { code: 'CONNECTION_CONFIG_INVALID' } } })
    expect(told.error?.message).toContain('`sasl`')
    await driver.close()
  })

  it('are not blamed for a broker that is merely away: the member joins when it is there', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    await kafka.stopBroker(0)
    const told = tell(driver.createProducer({ clientId: 'p' }), 'orders', 0, 'a')
    await new Promise((resolve) => setTimeout(resolve, 700))
    await kafka.startBroker(0)
    expect((await told).outcome).toBe('acknowledged')
  })

  it('are not blamed for a port that closes connections while the broker behind it is starting', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('ApiVersions', { times: 6 }).dropConnection('before')
    expect((await tell(driver.createProducer({ clientId: 'p' }), 'orders', 0, 'a')).outcome).toBe('acknowledged')
  })

  it('are not blamed once anything has worked', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'a')
    kafka.faults.on('ApiVersions', { times: 8 }).dropConnection('before')
    kafka.cutConnections()
    expect((await tell(producer, 'orders', 0, 'b')).outcome).toBe('acknowledged')
  })

  it('include another version of kafkajs than the one that was read', () => {
    expect(() => checkKafkajsVersion(KAFKAJS_VERSION)).not.toThrow()
    expect(() => checkKafkajsVersion('2.3.0')).toThrow(expect.objectContaining({ code: 'DRIVER_VERSION_MISMATCH' }))
  })
})
