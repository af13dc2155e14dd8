import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { appendOptions, type DriverBench, type DriverFeature, header, range, record } from './driver-bench.ts'

/** Long enough that a test which depends on the end of a long poll fails. */
const LONG_POLL_MS = 30_000

/** How one member reads what it owns. */
export function consumeTests(bench: () => DriverBench, features: ReadonlySet<DriverFeature>): void {
  it('joins, and is assigned every partition with its log bounds, nothing committed, and an epoch', async () => {
    const topic = await bench().topic(3)
    await bench().append(topic, 1, 'a', 'b')
    const { consumer, listener } = bench().join(bench().name('group'), [topic])
    await consumer.joined
    await listener.until('all three partitions', () => listener.owned().length === 3)
    const assigned = listener.events.flatMap((event) => (event.kind === 'assigned' ? event.partitions : []))
    expect(
      assigned.map(({ partition, committed, logStartOffset, logEndOffset }) => ({
        partition,
        committed,
        logStartOffset,
        logEndOffset,
      })),
    ).toEqual(
      expect.arrayContaining([
        { partition: 0, committed: null, logStartOffset: 0n, logEndOffset: 0n },
        { partition: 1, committed: null, logStartOffset: 0n, logEndOffset: 2n },
        { partition: 2, committed: null, logStartOffset: 0n, logEndOffset: 0n },
      ]),
    )
    const status = consumer.status()
    expect(status.state).toBe('stable')
    expect(status.memberId).not.toBe('')
    expect(status.generation).toBeGreaterThan(0)
  })

  it('hands out records as they were written', async () => {
    const topic = await bench().topic()
    const written = [
      record({ key: null, value: null, headers: [], timestamp: 1 }),
      record({
        key: Buffer.from('k'),
        value: randomBytes(40),
        headers: [header('a', '1'), header('a', null), header('b', '')],
        timestamp: 2,
      }),
    ]
    await bench().producer.append({ topic, partition: 0 }, written, appendOptions)
    const { listener } = bench().join(bench().name('group'), [topic])
    await listener.until('both records', () => listener.records().length === 2)
    const seen = listener
      .records()
      .map(({ key, value, headers, timestamp }) => ({ key, value, headers: [...headers], timestamp }))
    expect(seen).toEqual(written)
    const last = listener.chunks().at(-1)
    expect(last).toMatchObject({ nextPosition: 2n, highWatermark: 2n })
    expect(listener.chunks().reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThanOrEqual(41)
  })

  it('starts where onAssigned says, and fetches nothing before it has said so', async () => {
    const topic = await bench().topic()
    await bench().append(topic, 0, ...range(10, 'v'))
    const choice = Promise.withResolvers<bigint>()
    const { listener } = bench().join(bench().name('group'), [topic], {
      prepare: (recording) => {
        recording.chooseStart = () => choice.promise
      },
    })
    await listener.first('assigned')
    await bench().append(topic, 0, 'one more')
    expect(listener.chunks()).toEqual([])
    choice.resolve(7n)
    await listener.until('the end of the log', () => listener.chunks().at(-1)?.nextPosition === 11n)
    expect(listener.values()).toEqual(['v7', 'v8', 'v9', 'one more'])
    expect(listener.chunks()[0]?.fetchedFrom).toBe(7n)
  })

  it('reads on without a gap or an overlap, over many fetches and while records are being written', async () => {
    const topic = await bench().topic(2)
    const padding = '.'.repeat(1_000)
    const values = range(300, 'v').map((value) => `${value}${padding}`)
    const { listener } = bench().join(bench().name('group'), [topic], {
      maxBytesPerPartition: 10_000,
      maxBytes: 15_000,
    })
    for (let index = 0; index < values.length; index += 10) {
      await Promise.all([0, 1].map((partition) => bench().append(topic, partition, ...values.slice(index, index + 10))))
    }
    await listener.until('600 records', () => listener.records().length >= 600)
    for (const partition of [0, 1]) expect(listener.values({ topic, partition })).toEqual(values)
    expect(listener.chunks({ topic, partition: 0 }).length).toBeGreaterThan(1)
  })

  it('hands out a record that is larger than a fetch may be, and what follows it', async () => {
    const topic = await bench().topic()
    await bench().append(topic, 0, 'before', 'x'.repeat(300_000))
    await bench().append(topic, 0, 'after')
    const { listener } = bench().join(bench().name('group'), [topic], { maxBytes: 2_000, maxBytesPerPartition: 1_000 })
    await listener.until('all three records', () => listener.records().length === 3)
    expect(listener.values().map((value) => value.length)).toEqual([6, 300_000, 5])
  })

  it('hands out a new record at once, in the middle of a long poll', async () => {
    const topic = await bench().topic()
    const { listener } = bench().join(bench().name('group'), [topic], { maxWaitMs: LONG_POLL_MS })
    await listener.first('assigned')
    for (const value of range(3, 'v')) {
      await bench().append(topic, 0, value)
      await listener.until(value, () => listener.values().includes(value))
    }
  })

  it('hands out nothing of a paused partition and goes on with the others, and resumes at once', async () => {
    const topic = await bench().topic(2)
    const paused = { topic, partition: 0 }
    const { consumer, listener } = bench().join(bench().name('group'), [topic], { maxWaitMs: LONG_POLL_MS })
    await listener.until('both partitions', () => listener.owned().length === 2)
    await bench().append(topic, 0, 'a0')
    await listener.until('a0', () => listener.values().includes('a0'))
    consumer.pause([paused])
    await bench().append(topic, 0, 'a1')
    for (const value of range(5, 'b')) {
      await bench().append(topic, 1, value)
      await listener.until(value, () => listener.values().includes(value))
    }
    expect(listener.values(paused)).toEqual(['a0'])
    consumer.resume([paused])
    await listener.until('a1', () => listener.values(paused).includes('a1'))
    expect(listener.values(paused)).toEqual(['a0', 'a1'])
  })

  it('stops in the middle of a log when it is paused inside onChunk', async () => {
    const topic = await bench().topic()
    for (const value of range(20, 'v')) await bench().append(topic, 0, value + '.'.repeat(1_000))
    const partition = { topic, partition: 0 }
    const member = bench().join(bench().name('group'), [topic], {
      maxBytesPerPartition: 3_000,
      prepare: (listener) => {
        listener.onRecords = () => member.consumer.pause([partition])
      },
    })
    for (let chunks = 1; member.listener.records().length < 20; chunks++) {
      await member.listener.until(`chunk ${chunks}`, () => member.listener.chunks().length >= chunks)
      expect(member.listener.chunks()).toHaveLength(chunks)
      member.consumer.resume([partition])
    }
    expect(member.listener.records().map(({ offset }) => offset)).toEqual(range(20, '').map(BigInt))
  })

  it('goes back and forth by seek, and ignores a seek of another epoch', async () => {
    const topic = await bench().topic()
    const partition = { topic, partition: 0 }
    await bench().append(topic, 0, ...range(10, 'v'))
    const { consumer, listener } = bench().join(bench().name('group'), [topic])
    await listener.until('the end of the log', () => listener.chunks().at(-1)?.nextPosition === 10n)
    const epoch = listener.epochOf(partition)
    consumer.seek(partition, epoch + 1, 0n)
    await bench().append(topic, 0, 'v10')
    await listener.until('v10', () => listener.values().includes('v10'))
    expect(listener.records()).toHaveLength(11)

    listener.expectPosition(partition, 8n)
    consumer.seek(partition, epoch, 8n)
    await listener.until('v8 to v10 again', () => listener.records().length === 14)
    expect(listener.values().slice(11)).toEqual(['v8', 'v9', 'v10'])
  })

  it('applies a seek to a paused partition when it resumes', async () => {
    const topic = await bench().topic()
    const partition = { topic, partition: 0 }
    await bench().append(topic, 0, ...range(5, 'v'))
    const { consumer, listener } = bench().join(bench().name('group'), [topic])
    await listener.until('the end of the log', () => listener.records().length === 5)
    consumer.pause([partition])
    listener.expectPosition(partition, 2n)
    consumer.seek(partition, listener.epochOf(partition), 2n)
    consumer.resume([partition])
    await listener.until('v2 to v4 again', () => listener.records().length === 8)
    expect(listener.values().slice(5)).toEqual(['v2', 'v3', 'v4'])
  })

  it('reads a range again beside the flow, exactly, and stops early at the end of the log', async () => {
    const topic = await bench().topic()
    const partition = { topic, partition: 0 }
    await bench().append(topic, 0, ...range(10, 'v'))
    const { consumer, listener } = bench().join(bench().name('group'), [topic])
    await listener.until('the end of the log', () => listener.records().length === 10)
    const read = async (from: bigint, to: bigint): Promise<bigint[]> => {
      const offsets: bigint[] = []
      for await (const chunk of consumer.readRange(partition, from, to))
        offsets.push(...Array.from(chunk.records, ({ offset }) => offset))
      return offsets
    }
    expect(await read(3n, 6n)).toEqual([3n, 4n, 5n])
    expect(await read(8n, 50n)).toEqual([8n, 9n])
    expect(await read(4n, 4n)).toEqual([])
    await bench().append(topic, 0, 'v10')
    await listener.until('v10', () => listener.values().includes('v10'))
    expect(listener.records()).toHaveLength(11)
  })

  if (features.has('truncate')) {
    it('goes on at the start of the log when the position is below it, after a chunk that says what is gone', async () => {
      const topic = await bench().topic()
      await bench().append(topic, 0, ...range(6, 'v'))
      await bench().harness.truncateBefore?.({ topic, partition: 0 }, 4n)
      const { listener } = bench().join(bench().name('group'), [topic], {
        prepare: (recording) => {
          recording.chooseStart = () => 0n
        },
      })
      await listener.until('the end of the log', () => listener.chunks().at(-1)?.nextPosition === 6n)
      expect(listener.values()).toEqual(['v4', 'v5'])
      expect(listener.chunks()[0]).toMatchObject({ fetchedFrom: 0n, nextPosition: 4n, isExpired: true })
      expect(
        listener
          .chunks()
          .slice(1)
          .some(({ isExpired }) => isExpired),
      ).toBe(false)
      const assigned = await listener.first('assigned')
      expect(assigned.partitions[0]).toMatchObject({ logStartOffset: 4n, logEndOffset: 6n })
    })
  }

  if (features.has('remove-record')) {
    it('moves beyond offsets that have no record', async () => {
      const topic = await bench().topic()
      await bench().append(topic, 0, ...range(5, 'v'))
      for (const offset of [1n, 4n]) await bench().harness.removeRecord?.({ topic, partition: 0 }, offset)
      const { listener } = bench().join(bench().name('group'), [topic])
      await listener.until('the end of the log', () => listener.chunks().at(-1)?.nextPosition === 5n)
      expect(listener.values()).toEqual(['v0', 'v2', 'v3'])
    })
  }
}
