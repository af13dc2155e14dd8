import { createEventBus, defineSubscription, handle } from '@tributary/event-bus'
import { inMemoryDriver } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { orderPlaced } from './fixtures/shop.ts'
import { cliBench, DLQ } from './support/cli-bench.ts'

const SHOP = '../fixtures/shop.ts'

async function withTopics(partitions: number) {
  const bench = cliBench()
  await bench.tributary('topics', 'ensure', '--module', SHOP, '--partitions', String(partitions))
  const driver = inMemoryDriver({ cluster: bench.cluster })
  const admin = driver.createAdmin({ clientId: 'test' })
  const committed = (partition: number, nextOffset: bigint, metadata = '') =>
    admin.setCommitted('stock', [{ topic: 'orders', partition, nextOffset, metadata }])
  const append = async (partition: number, count: number): Promise<void> => {
    const records = Array.from({ length: count }, () => ({ key: null, value: null, headers: [], timestamp: 0 }))
    await driver
      .createProducer({ clientId: 'test' })
      .append({ topic: 'orders', partition }, records, { timeoutMs: 1_000 })
  }
  return { ...bench, driver, committed, append }
}

describe('tributary offsets explain', () => {
  it('says what a running subscription has settled beyond the committed offset', async () => {
    const { driver, tributary } = await withTopics(1)
    await using bus = createEventBus({ source: 'shop', driver })
    const release = Promise.withResolvers<void>()
    const waiting = defineSubscription({
      group: 'stock',
      on: [handle(orderPlaced, ({ data }) => (data.orderId === 'slow' ? release.promise : undefined))],
      commit: { intervalMs: 10 },
    })
    await bus.subscribe(waiting).ready
    for (const orderId of ['a', 'slow', 'b', 'slow', 'c']) await bus.publish(orderPlaced, { orderId })
    const explain = async () => JSON.parse((await tributary('offsets', 'explain', '--group', 'stock', '--json')).out)
    const partitionOf = async () =>
      (await explain()).partitions.find(({ topic }: { topic: string }) => topic === 'orders')
    await expect.poll(partitionOf).toMatchObject({
      nextOffset: '1',
      lag: '4',
      settledBeyond: '2',
      metadata: {
        kind: 'offset-map',
        settled: [
          { from: '2', to: '3' },
          { from: '4', to: '5' },
        ],
        unsettled: [
          { from: '1', to: '2' },
          { from: '3', to: '4' },
        ],
      },
    })
    const { exitCode, out } = await tributary('offsets', 'explain', '--group', 'stock', '--topic', 'orders')
    expect(exitCode).toBe(0)
    expect(out.split('\n')).toEqual([
      'orders/0  log 0–4, next 1, lag 4, 2 of them settled already',
      '  settled beyond: 2, 4 (2 offsets)',
      '  unsettled: 1, 3 (2 offsets), and all from 5 on',
      expect.stringMatching(/^ {2}offset map tributary-[a-z]: \d+ of 4096 bytes \([01] %\)$/),
      '',
    ])
    release.resolve()
  })

  it('names metadata that is absent, foreign, of another offset, and offsets that are not on the log', async () => {
    const { cluster, committed, append, tributary } = await withTopics(6)
    for (let partition = 0; partition < 5; partition += 1) await append(partition, 10)
    await committed(0, 10n)
    await committed(1, 4n, 'written by hand')
    await committed(2, 5n, 'tributary-a.4.AQE')
    await committed(3, 12n)
    cluster.truncateBefore('orders', 4, 6n)
    await committed(4, 2n)
    const { out } = await tributary('offsets', 'explain', '--group', 'stock')
    expect(out.split('\n')).toEqual([
      'orders/0  log 0–9, next 10, lag 0',
      '  no metadata: nothing is settled from 10 on',
      'orders/1  log 0–9, next 4, lag 6',
      '  foreign metadata (15 bytes): another program or a newer version wrote it, and it is ignored',
      'orders/2  log 0–9, next 5, lag 5',
      '  void offset map: it belongs to 4, not to 5; a tool has set the offset since',
      'orders/3  log 0–9, next 12, lag 0',
      expect.stringMatching(/^ {2}! committed 12 is beyond the end of the log 10/),
      '  no metadata: nothing is settled from 12 on',
      'orders/4  log 6–9, next 2, lag 4',
      '  ! retention removed 4 offsets before this group handled them',
      '  no metadata: nothing is settled from 2 on',
      'orders/5  log empty at 0, nothing committed',
      '',
    ])
  })

  it('names keys that wait by their hashes', async () => {
    const { committed, append, tributary } = await withTopics(1)
    await append(0, 10)
    await committed(0, 2n, 'tributary-b.2.BwAG7v_AAA')
    const { out } = await tributary('offsets', 'explain', '--group', 'stock')
    expect(out.split('\n').slice(0, 4)).toEqual([
      'orders/0  log 0–9, next 2, lag 8, up to 5 of them settled already',
      '  settled beyond: 3, 5–8 (5 offsets)',
      '  unsettled: 2 (1 offset), and all from 9 on',
      '  waiting keys, each with its followers: from 4 (hash 00c0ffee)',
    ])
  })

  it('explains how far a redrive has come', async () => {
    const { tributary, deadLetter } = await withTopics(1)
    for (const id of ['a', 'b', 'c']) await deadLetter(id)
    await tributary('dlq', 'redrive', '--group', 'stock', '--id', 'b')
    const { out } = await tributary('offsets', 'explain', '--group', 'stock.redrive-tool')
    expect(out).toContain(
      `${DLQ}/0  log 0–2, next 0, lag 3, 1 of them settled already\n  redriven beyond: 1 (1 offset)`,
    )
  })

  it('refuses a group that has committed nothing, and a topic that is not there', async () => {
    const { tributary } = await withTopics(1)
    expect(await tributary('offsets', 'explain', '--group', 'nobody')).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('nobody'),
    })
    expect(await tributary('offsets', 'explain', '--group', 'stock', '--topic', 'no')).toMatchObject({ exitCode: 2 })
    expect(await tributary('offsets', 'explain', '--group', 'stock', '--topic', 'orders')).toMatchObject({
      exitCode: 0,
      out: 'orders/0  log empty at 0, nothing committed\n',
    })
  })
})
