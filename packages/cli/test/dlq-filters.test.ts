import { provenanceHeaderNames as names, type RawHeader } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { cliBench, DLQ, REDRIVE } from './support/cli-bench.ts'

const header = (name: string, value: string): RawHeader => [name, Buffer.from(value)]

/** The first header of a name counts, and the bench puts its own before these: what differs is the event id, and with it the key. */
async function withLetters(...ids: readonly string[]) {
  const bench = cliBench()
  await bench.tributary('topics', 'ensure', '--module', '../fixtures/shop.ts', '--partitions', '1')
  for (const id of ids) await bench.deadLetter(id)
  return bench
}

describe('the filters of tributary dlq', () => {
  it.each([
    ['--id', 'b'],
    ['--key', 'key of b'],
    ['--key', `0x${Buffer.from('key of b').toString('hex')}`],
  ])('are the same for list, count, show and redrive: %s %s', async (...filter) => {
    const { tributary, cluster } = await withLetters('a', 'b', 'c')
    const group = ['--group', 'stock', ...filter, '--json']
    expect(JSON.parse((await tributary('dlq', 'list', ...group)).out).letters).toMatchObject([{ eventId: 'b' }])
    expect(JSON.parse((await tributary('dlq', 'count', ...group)).out)).toMatchObject({ total: 1 })
    expect(JSON.parse((await tributary('dlq', 'show', ...group)).out)).toMatchObject([{ eventId: 'b' }])
    const { exitCode, out } = await tributary('dlq', 'redrive', ...group)
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject([{ redriven: 1, passedOver: 2, ended: 'done' }])
    expect(cluster.log(REDRIVE, 0).map(({ key }) => key?.toString())).toEqual(['key of b'])
  })

  it.each([
    [['--reason', 'attempts-exhausted', 'rejected'], 1],
    [['--reason', 'rejected', '--reason', 'attempts-exhausted'], 1],
    [['--reason', 'rejected'], 0],
    [['--error', 'TypeError'], 1],
    [['--type', 'order.placed'], 1],
    [['--since', '2026-01-01T00:00:00Z'], 1],
    [['--since', '2026-01-01T00:00'], 1],
    [['--since', '2026-01-01T01:00:00+02:00', '--until', '2026-01-01T01:00:00Z'], 1],
    [['--until', '2026-01-01'], 0],
    [['--origin-partition', '0', '--origin-offsets', '4'], 1],
    [['--origin-offsets', '-4'], 1],
    [['--origin-offsets', '5-'], 0],
    [['--origin-offsets', '3-5', '--error', 'RangeError'], 0],
  ])('understand %j', async (filter, total) => {
    const { tributary } = await withLetters('a')
    const { out } = await tributary('dlq', 'count', '--group', 'stock', '--json', ...filter)
    expect(JSON.parse(out)).toMatchObject({ total })
  })

  it.each([
    [['--since', 'yesterday']],
    [['--key', '0xabc']],
    [['--origin-offsets', '-']],
    [['--origin-partition', 'two']],
    [['--by', 'weather']],
  ])('refuse %j', async (filter) => {
    const { tributary } = await withLetters()
    expect(await tributary('dlq', 'count', '--group', 'stock', ...filter)).toMatchObject({ exitCode: 2, out: '' })
  })
})

describe('tributary dlq count', () => {
  it('counts by a property, the most frequent first', async () => {
    const { tributary } = await withLetters('a', 'a', 'b')
    const { out } = await tributary('dlq', 'count', '--group', 'stock', '--by', 'key')
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['KEY', 'COUNT', 'FIRST FAILED AT', 'LAST FAILED AT'],
      ['key of a', '2', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
      ['key of b', '1', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
      ['3 waiting; 2 of 2 groups shown'],
      [''],
    ])
    await tributary('dlq', 'redrive', '--group', 'stock', '--id', 'a')
    expect((await tributary('dlq', 'count', '--group', 'stock')).out).toContain('1 waiting')
    expect((await tributary('dlq', 'count', '--group', 'stock', '--all')).out).toContain('3 kept')
  })
})

describe('tributary dlq redrive', () => {
  it('says in a dry run how many, from where, to which topic, why they are there, and the first few', async () => {
    const { tributary, cluster } = await withLetters(...Array.from({ length: 25 }, (_, index) => `id-${index}`))
    const lines = (await tributary('dlq', 'redrive', '--group', 'stock', '--dry-run')).out.split('\n')
    expect(lines.slice(0, 10)).toEqual(
      Array.from({ length: 10 }, (_, index) =>
        expect.stringContaining(`would redrive ${DLQ}/0/${index} (order.placed id-${index}) to ${REDRIVE}/0`),
      ),
    )
    expect(lines.slice(10)).toEqual([
      '…',
      `would redrive 25 from ${DLQ} to ${REDRIVE} (25 attempts-exhausted), left 0 behind, passed over 0, 0 not looked at`,
      '',
    ])
    expect(cluster.log(REDRIVE, 0)).toEqual([])
  })

  it('lists what has been redriven too often, and redrives it when it is forced and said which', async () => {
    const { tributary, deadLetter, cluster } = await withLetters()
    await deadLetter('a', [header(names.redriveCount, '3')])
    await deadLetter('b', [header(names.redriveCount, '3')])
    const refused = await tributary('dlq', 'redrive', '--group', 'stock')
    expect(refused.exitCode).toBe(3)
    expect(refused.out).toContain(`leaving ${DLQ}/0/0 (order.placed a): redriven-too-often: 3 times`)
    expect(await tributary('dlq', 'redrive', '--group', 'stock', '--force')).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('with a filter'),
    })
    expect(await tributary('dlq', 'redrive', '--group', 'stock', '--force', '--id', 'b')).toMatchObject({ exitCode: 0 })
    expect(cluster.log(REDRIVE, 0).map(({ key }) => key?.toString())).toEqual(['key of b'])
  })

  it('says that it was interrupted, with an exit code of its own, and goes on when it is run again', async () => {
    const { tributary, interrupt, cluster } = await withLetters('a', 'b', 'c')
    const running = tributary('dlq', 'redrive', '--group', 'stock', '--rate', '0.001')
    await expect.poll(() => cluster.log(REDRIVE, 0).length).toBe(1)
    interrupt()
    const { exitCode, out } = await running
    expect(exitCode).toBe(130)
    expect(out).toContain('redrove 1 from')
    expect(out).toContain('2 not looked at\ninterrupted: the same command goes on where it ended\n')
    expect((await tributary('dlq', 'list', '--group', 'stock')).out).toContain('2 waiting')
  })
})
