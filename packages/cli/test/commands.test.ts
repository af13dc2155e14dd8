import { provenanceHeaderNames } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { cliBench, DLQ, REDRIVE } from './support/cli-bench.ts'

const SHOP = '../fixtures/shop.ts'

describe('tributary topics ensure', () => {
  it('says in a dry run what it would create, and creates it without', async () => {
    const { cluster, tributary } = cliBench()
    const dryRun = await tributary('topics', 'ensure', '--module', SHOP, '--partitions', '3', '--dry-run')
    expect(dryRun).toMatchObject({ exitCode: 0, error: '' })
    expect(dryRun.out).toContain(`would create ${DLQ} (dlq)`)
    expect(() => cluster.log('orders', 0)).toThrow()

    const { out } = await tributary('topics', 'ensure', '--module', SHOP, '--partitions', '3')
    expect(out).toContain('created orders (source)')
    for (const topic of ['orders', DLQ, REDRIVE]) expect(cluster.log(topic, 2)).toEqual([])
    expect((await tributary('topics', 'ensure', '--module', SHOP, '--partitions', '3')).out).toBe(
      '3 topics are as planned\n',
    )
  })

  it('prints the plan and what it did as JSON', async () => {
    const { tributary } = cliBench()
    const { out } = await tributary('topics', 'ensure', '--module', SHOP, '--json')
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      created: expect.arrayContaining(['orders', DLQ, REDRIVE]),
    })
  })

  it('refuses a module that cannot be imported, or that exports nothing of use', async () => {
    const { tributary } = cliBench()
    expect(await tributary('topics', 'ensure', '--module', 'no-such-file.ts')).toMatchObject({ exitCode: 2, out: '' })
    const useless = await tributary('topics', 'ensure', '--module', './cli-bench.ts')
    expect(useless.error).toContain('exports no event and no subscription')
  })
})

describe('tributary dlq', () => {
  async function withTopics() {
    const bench = cliBench()
    await bench.tributary('topics', 'ensure', '--module', SHOP, '--partitions', '1')
    return bench
  }

  it('lists the dead letters of a group that wait, one a line', async () => {
    const { tributary, deadLetter } = await withTopics()
    await deadLetter('a')
    await deadLetter('b')
    const { out } = await tributary('dlq', 'list', '--group', 'stock')
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^PLACE +TYPE +KEY +REASON +ERROR +ATTEMPTS +FAILED AT +REDRIVES$/),
      expect.stringMatching(
        /^orders\.stock\.dlq\/0\/0 +order\.placed +key of a +attempts-exhausted +TypeError: no such warehouse +5 +2026-01-01T00:00:00\.000Z +0$/,
      ),
      expect.stringContaining('orders.stock.dlq/0/1'),
      '2 waiting in orders.stock.dlq; 2 shown',
      '',
    ])
  })

  it('lists the dead-letter topics when no group is named', async () => {
    const { tributary, deadLetter } = await withTopics()
    await deadLetter('a')
    const { out } = await tributary('dlq', 'list', '--json')
    expect(JSON.parse(out)).toEqual([{ topic: DLQ, records: '1' }])
  })

  it('shows one with its bytes: text as text, the rest in hex', async () => {
    const { tributary, deadLetter } = await withTopics()
    await deadLetter('a', [['empty', null]], Buffer.from([0xc3, 0x01, 0xff]))
    const { out } = await tributary('dlq', 'show', `${DLQ}/0/0`)
    expect(out).toContain('value      0xc301ff')
    expect(out).toContain('tributary.error.message: no such\nwarehouse')
    expect(out).toContain('empty: (null)')
    const json = JSON.parse((await tributary('dlq', 'show', `${DLQ}/0/0`, '--json')).out)
    expect(json).toMatchObject({
      eventId: 'a',
      key: 'key of a',
      value: '0xc301ff',
      origin: { topic: 'orders', recordOffset: '4' },
    })
  })

  it('says that nothing lies at a place', async () => {
    const { tributary } = await withTopics()
    expect(await tributary('dlq', 'show', `${DLQ}/0/7`)).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('nothing lies at'),
    })
    expect(await tributary('dlq', 'show', 'somewhere')).toMatchObject({ exitCode: 2 })
  })

  it('redrives to the group only, and no longer lists what it redrove', async () => {
    const { cluster, tributary, deadLetter } = await withTopics()
    await deadLetter('a')
    const dryRun = await tributary('dlq', 'redrive', '--group', 'stock', '--dry-run')
    expect(dryRun.out).toContain(`would redrive ${DLQ}/0/0 (order.placed a) to ${REDRIVE}/0, redrive 1`)
    expect(cluster.log(REDRIVE, 0)).toEqual([])

    const { exitCode, out } = await tributary('dlq', 'redrive', '--group', 'stock', '--topic', 'orders')
    expect(exitCode).toBe(0)
    expect(out).toContain(
      'redrove 1 from orders.stock.dlq to orders.stock.redrive (1 attempts-exhausted), left 0 behind, passed over 0, 0 not looked at',
    )
    expect(cluster.log(REDRIVE, 0)).toHaveLength(1)
    expect(cluster.log('orders', 0)).toEqual([])
    expect((await tributary('dlq', 'list', '--group', 'stock')).out).toBe('0 waiting in orders.stock.dlq; 0 shown\n')
    expect((await tributary('dlq', 'list', '--group', 'stock', '--all')).out).toContain('orders.stock.dlq/0/0')
  })

  it('ends with a code of its own when it leaves some behind', async () => {
    const { tributary, deadLetter } = await withTopics()
    await deadLetter('a', [[provenanceHeaderNames.redriveCount, Buffer.from('3')]])
    const { exitCode, out } = await tributary('dlq', 'redrive', '--group', 'stock', '--json')
    expect(exitCode).toBe(3)
    expect(JSON.parse(out)).toMatchObject([
      { redriven: 0, leftBehind: [{ place: `${DLQ}/0/0`, reason: 'redriven-too-often' }] },
    ])
  })

  it('prints the code of an error and what to do about it', async () => {
    const { cluster, tributary, deadLetter } = await withTopics()
    await deadLetter('a')
    cluster.faults.failAppends({ topic: REDRIVE, kind: 'transient' })
    const { exitCode, error } = await tributary('dlq', 'redrive', '--group', 'stock')
    expect(exitCode).toBe(1)
    expect(error).toMatch(/^tributary: PUBLISH_TIMEOUT: .*\nRun the command again: it goes on where it ended\.\n$/)
  })

  it('names a group that has no dead-letter topic', async () => {
    const { tributary } = await withTopics()
    expect(await tributary('dlq', 'redrive', '--group', 'nobody')).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('nobody'),
    })
  })
})

describe('tributary', () => {
  it('ends with 2 for a command line that it does not understand, and with 0 for help', async () => {
    const { tributary } = cliBench()
    expect(await tributary('dlq', 'redrive')).toMatchObject({ exitCode: 2, error: expect.stringContaining('--group') })
    expect(await tributary('dlq', 'list', '--limit', 'many')).toMatchObject({ exitCode: 2 })
    expect(await tributary('--help')).toMatchObject({ exitCode: 0, out: expect.stringContaining('topics') })
  })
})
