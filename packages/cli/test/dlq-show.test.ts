import { createEventBus, deadLetterTopic, SCHEMA_TOPIC, schemaTopicSpec, topicSchemas } from '@tributary/event-bus'
import { inMemoryDriver } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { orderPlaced } from './fixtures/shop.ts'
import { cliBench } from './support/cli-bench.ts'

const SHOP = '../fixtures/shop.ts'
const PLACE = `${deadLetterTopic('orders', 'stock')}/0/0`

/** The bytes of an order, as its publisher wrote them. */
async function encoded(): Promise<Buffer> {
  const driver = inMemoryDriver({ topics: { orders: 1 } })
  await using bus = createEventBus({ source: 'shop', driver })
  await bus.publish(orderPlaced, { orderId: 'o-1' })
  const [record] = driver.cluster.log('orders', 0)
  return record?.value ?? Buffer.alloc(0)
}

async function withOrder() {
  const bench = cliBench()
  await bench.tributary('topics', 'ensure', '--module', SHOP, '--partitions', '1')
  await bench.deadLetter('a', [], await encoded())
  return bench
}

describe('tributary dlq show', () => {
  it('decodes the value by the events of a module', async () => {
    const { tributary } = await withOrder()
    const { out } = await tributary('dlq', 'show', PLACE, '--module', SHOP, '--json')
    expect(JSON.parse(out)).toMatchObject({
      decoded: { source: 'shop', timestamp: expect.stringMatching(/^20/), data: { orderId: 'o-1' } },
      value: expect.stringMatching(/^0xc301/),
    })
    expect((await tributary('dlq', 'show', PLACE, '--module', SHOP)).out).toContain('"orderId": "o-1"')
  })

  it("decodes the value by the cluster's schema topic, without any module", async () => {
    const { cluster, tributary } = await withOrder()
    const driver = inMemoryDriver({ cluster })
    await driver.createAdmin({ clientId: 'test' }).createTopics([schemaTopicSpec()])
    const store = topicSchemas({ driver })
    await store.announce(orderPlaced.envelopeSchema)
    await store.close()
    expect(cluster.log(SCHEMA_TOPIC, 0)).toHaveLength(1)
    const { out } = await tributary('dlq', 'show', PLACE, '--json')
    expect(JSON.parse(out)).toMatchObject({ decoded: { data: { orderId: 'o-1' } } })
  })

  it('shows the bytes and says why it cannot decode them, and goes on with the next', async () => {
    const { tributary, deadLetter } = await withOrder()
    const broken = (await encoded()).subarray(0, -2)
    await deadLetter('broken', [], broken)
    await deadLetter('text', [], Buffer.from('{"orderId":"o-3"}'))
    await deadLetter('whole', [], await encoded())
    const unknown = JSON.parse((await tributary('dlq', 'show', PLACE, '--json')).out)
    expect(unknown).toMatchObject({ decoded: null, why: expect.stringContaining('the schema is not known here') })
    const { exitCode, out } = await tributary('dlq', 'show', '--group', 'stock', '--module', SHOP)
    expect(exitCode).toBe(0)
    expect(out).toContain(`value      0x${broken.toString('hex')}`)
    expect(out).toContain(`(${broken.length} bytes, not decoded: `)
    expect(out).toContain('value      {"orderId":"o-3"}\n             (17 bytes, not decoded: it names no schema)')
    expect(out.match(/"orderId": "o-1"/g)).toHaveLength(2)
    expect(out.endsWith('4 shown\n')).toBe(true)
  })

  it('shows so many of a group as it is asked for, and asks for a place or a group', async () => {
    const { tributary, deadLetter } = await withOrder()
    await deadLetter('b')
    expect(JSON.parse((await tributary('dlq', 'show', '--group', 'stock', '--limit', '1', '--json')).out)).toHaveLength(
      1,
    )
    expect(await tributary('dlq', 'show')).toMatchObject({ exitCode: 2, error: expect.stringContaining('--group') })
  })
})
