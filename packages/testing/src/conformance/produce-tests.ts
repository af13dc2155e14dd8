import { randomBytes } from 'node:crypto'
import type { OutgoingRecord } from '@tributary/event-bus'
import { expect, it } from 'vitest'
import { appendOptions, type DriverBench, header, range, record } from './driver-bench.ts'

/** What reaches the log, and what is said about what does not. */
export function produceTests(bench: () => DriverBench): void {
  it('keeps key, value, headers and timestamp byte for byte: order, repetitions, nulls and empties of headers included', async () => {
    const topic = await bench().topic()
    const written: OutgoingRecord[] = [
      record({ key: null, value: null, timestamp: 1 }),
      record({ key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: 1_234_567_890_123 }),
      record({
        key: Buffer.from([0xff, 0x00, 0xfe]),
        value: randomBytes(300),
        timestamp: 1_600_000_000_001,
        headers: [
          header('z', 'last letter first'),
          header('a', 'once'),
          header('a', null),
          header('a', ''),
          header('a', 'once'),
          header('größe', 'naïve 🌊'),
          header('', 'no name'),
          header('binary', Buffer.from([0xc3, 0x28, 0x00])),
        ],
      }),
    ]
    const { baseOffset } = await bench().producer.append({ topic, partition: 0 }, written, appendOptions)
    expect(baseOffset).toBe(0n)
    const log = await bench().log(topic)
    expect(log.map(({ key, value, headers, timestamp }) => ({ key, value, headers: [...headers], timestamp }))).toEqual(
      written,
    )
    expect(log.map(({ offset }) => offset)).toEqual([0n, 1n, 2n])
  })

  it('writes text in key and headers as its bytes in UTF-8', async () => {
    const topic = await bench().topic()
    const texts = ['', 'plain', 'größe', '🌊'.repeat(50), 'x'.repeat(10_000), 'half of a pair: \ud83c']
    const written = texts.map((text) => record({ key: text, headers: [['text', text], header('bytes', text)] }))
    await bench().producer.append({ topic, partition: 0 }, written, appendOptions)
    const log = await bench().log(topic)
    expect(log.map(({ key, headers }) => ({ key, headers: [...headers] }))).toEqual(
      texts.map((text) => ({ key: Buffer.from(text), headers: [header('text', text), header('bytes', text)] })),
    )
  })

  it('appends batches of one partition in the order of the calls, each once, however many are under way', async () => {
    const topic = await bench().topic()
    const values = range(200, 'v')
    const offsets = await Promise.all(values.map((value) => bench().append(topic, 0, value)))
    expect(offsets).toEqual(values.map((_, index) => BigInt(index)))
    expect((await bench().log(topic)).map(({ value }) => value?.toString())).toEqual(values)
  })

  it('appends a batch whole: its records follow each other from the base offset', async () => {
    const topic = await bench().topic()
    const [first, second] = await Promise.all([
      bench().append(topic, 0, 'a', 'b', 'c'),
      bench().append(topic, 0, 'd', 'e'),
    ])
    expect([first, second]).toEqual([0n, 3n])
    expect((await bench().log(topic)).map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('writes to the partition that was asked for', async () => {
    const topic = await bench().topic(3)
    await Promise.all([0, 1, 2].map((partition) => bench().append(topic, partition, `for ${partition}`)))
    for (const partition of [0, 1, 2]) {
      expect((await bench().log(topic, partition)).map(({ value }) => value?.toString())).toEqual([`for ${partition}`])
    }
  })

  it('keeps the order of each of two producers that write to one partition', async () => {
    const topic = await bench().topic()
    const other = bench().driver().createProducer({ clientId: 'other' })
    const appendOther = (value: string) =>
      other.append({ topic, partition: 0 }, [record({ value: Buffer.from(value) })], appendOptions)
    await Promise.all(
      range(50, '').flatMap((index) => [bench().append(topic, 0, `a${index}`), appendOther(`b${index}`)]),
    )
    const values = (await bench().log(topic)).map(({ value }) => value?.toString() ?? '')
    expect(values.filter((value) => value.startsWith('a'))).toEqual(range(50, 'a'))
    expect(values.filter((value) => value.startsWith('b'))).toEqual(range(50, 'b'))
  })

  it('takes a record of 900 kB', async () => {
    const topic = await bench().topic()
    const value = randomBytes(900_000)
    await bench().producer.append({ topic, partition: 0 }, [record({ value })], appendOptions)
    expect((await bench().log(topic))[0]?.value?.equals(value)).toBe(true)
  })

  it('refuses a record that is too large for the topic, writes nothing of it, and goes on', async () => {
    const topic = await bench().topic(1, { 'max.message.bytes': '10000' })
    // A broker that does not lead the new topic yet might have written what it is sent, for all that its answer says.
    await bench().append(topic, 0, 'before')
    const tooLarge = bench().producer.append(
      { topic, partition: 0 },
      [record({ value: randomBytes(20_000) })],
      appendOptions,
    )
    await expect(tooLarge).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', outcome: 'not-written' })
    await bench().append(topic, 0, 'small enough')
    expect((await bench().log(topic)).map(({ value }) => value?.toString())).toEqual(['before', 'small enough'])
  })

  it('says that a topic is not there, and does not create it', async () => {
    const topic = bench().name('missing')
    const { producer, admin } = bench()
    await expect(producer.partitionCount(topic)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    await expect(producer.append({ topic, partition: 0 }, [record()], { timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      outcome: 'not-written',
    })
    expect(await admin.listTopics()).not.toContain(topic)
  })

  it('writes to a topic that was created after it had been missing', async () => {
    const topic = bench().name('late')
    const { producer, admin } = bench()
    await expect(producer.partitionCount(topic)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    await admin.createTopics([{ topic, partitions: 2, replicationFactor: -1, configs: {} }])
    expect(await producer.partitionCount(topic)).toBe(2)
    expect(await bench().append(topic, 1, 'at last')).toBe(0n)
  })

  it('finishes what is under way when it is closed, and refuses what comes later', async () => {
    const topic = await bench().topic()
    const producer = bench().driver().createProducer({ clientId: 'closing' })
    const append = (value: string) =>
      producer.append({ topic, partition: 0 }, [record({ value: Buffer.from(value) })], appendOptions)
    const underWay = range(20, 'v').map(append)
    const [outcomes] = await Promise.all([Promise.allSettled(underWay), producer.close()])
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'fulfilled'))
    await producer.close()
    await expect(append('too late')).rejects.toMatchObject({ code: 'BUS_CLOSED', outcome: 'not-written' })
    expect((await bench().log(topic)).map(({ value }) => value?.toString())).toEqual(range(20, 'v'))
  })
}
