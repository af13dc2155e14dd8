/** A send that was acknowledged is on the log once, whatever happened to brokers, leaders, connections and answers while it was under way. */
import { describe, expect, it } from 'vitest'
import { lies, onLog, record, stage, tell } from './stage.ts'

describe('an answer that is lost', () => {
  it.each(['before', 'after'] as const)(
    'writes the batch once when the connection is cut %s it was applied',
    async (when) => {
      const { kafka, driver } = await stage()
      kafka.createTopic('orders')
      const producer = driver.createProducer({ clientId: 'p' })
      await tell(producer, 'orders', 0, 'first')
      const cut = kafka.faults.on('Produce').dropConnection(when)
      const told = await Promise.all(['A', 'B', 'C'].map((value) => tell(producer, 'orders', 0, value)))
      expect(cut.count).toBe(1)
      expect(told.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged', 'acknowledged'])
      expect(onLog(kafka, 'orders')).toEqual(['first', 'A', 'B', 'C'])
    },
  )

  it('neither drops the batch behind it nor writes it twice when it never comes', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    kafka.faults.on('Produce').never('after')
    const [a, b] = await Promise.all([tell(producer, 'orders', 0, 'A'), tell(producer, 'orders', 0, 'B')])
    expect([a.outcome, b.outcome]).toEqual(['acknowledged', 'acknowledged'])
    expect(onLog(kafka, 'orders')).toEqual(['first', 'A', 'B'])
  })

  it('does not let the next batch be taken for the one that was given up', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    kafka.faults.on('Produce', { times: 3 }).never('after')
    const a = await tell(producer, 'orders', 0, 'A', 200)
    const [b, c] = [await tell(producer, 'orders', 0, 'B'), await tell(producer, 'orders', 0, 'C')]
    expect([a, b, c].map(({ outcome }) => outcome)).toEqual(['unknown', 'acknowledged', 'acknowledged'])
    expect(onLog(kafka, 'orders')).toEqual(['first', 'A', 'B', 'C'])
  })

  it('writes a batch once when its first attempt is applied after the second', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    const late = kafka.faults.on('Produce').hold('before')
    const a = tell(producer, 'orders', 0, 'A')
    expect((await a).outcome).toBe('acknowledged')
    late.release()
    const b = await tell(producer, 'orders', 0, 'B')
    expect(lies(kafka, 'orders', [await a, b])).toEqual([])
    expect(onLog(kafka, 'orders')).toEqual(['first', 'A', 'B'])
  })

  it.each(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'] as const)(
    'writes once what was applied and reported as %s',
    async (error) => {
      const { kafka, driver } = await stage()
      kafka.createTopic('orders')
      const producer = driver.createProducer({ clientId: 'p' })
      kafka.faults.on('Produce').failWith(error, 'after')
      const told = [await tell(producer, 'orders', 0, 'A'), await tell(producer, 'orders', 0, 'B')]
      expect(told.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged'])
      expect(onLog(kafka, 'orders')).toEqual(['A', 'B'])
    },
  )
})

describe('a leader that moves', () => {
  it('loses and doubles nothing when it moves between the partitions of one send', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
    kafka.createTopic('orders', { partitions: 4, replicationFactor: 2 })
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.partitionCount('orders')
    const partition = [0, 1, 2, 3].find((id) => kafka.leaderOf('orders', id) === 0) ?? 0
    kafka.faults.on('Produce', { broker: 0 }).run(() => kafka.moveLeader('orders', partition, 1))
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, index) => tell(producer, 'orders', index % 4, `v${index}`)),
    )
    expect(told.every(({ outcome }) => outcome === 'acknowledged')).toBe(true)
    expect(lies(kafka, 'orders', told)).toEqual([])
  })

  it('sends again only the partition that was refused', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 3 })
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.partitionCount('orders')
    kafka.faults.on('Produce', { topic: 'orders', partition: 1 }).failWith('NOT_LEADER_OR_FOLLOWER')
    const repeated = kafka.faults
      .on('Produce', { topic: 'orders', partition: 0, times: Number.POSITIVE_INFINITY })
      .run(() => {})
    const told = await Promise.all([0, 1, 2].map((partition) => tell(producer, 'orders', partition, `v${partition}`)))
    expect(lies(kafka, 'orders', told)).toEqual([])
    expect(told.every(({ outcome }) => outcome === 'acknowledged')).toBe(true)
    expect(repeated.count).toBe(1)
  })

  it('keeps the order of a partition over many moves under load', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 2, replicationFactor: 3 })
    const producer = driver.createProducer({ clientId: 'p' })
    const told = []
    for (let round = 0; round < 15; round++) {
      told.push(...Array.from({ length: 20 }, (_, index) => tell(producer, 'orders', index % 2, `${round}-${index}`)))
      await told.at(-12)
      kafka.moveLeader('orders', round % 2, round % 3)
    }
    const all = await Promise.all(told)
    expect(all.every(({ outcome }) => outcome === 'acknowledged')).toBe(true)
    expect(lies(kafka, 'orders', all)).toEqual([])
  })
})

describe('a broker that goes away', () => {
  it('keeps every word when brokers stop and return and connections are cut, all under load', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 6, replicationFactor: 3 })
    const producer = driver.createProducer({ clientId: 'p' })
    const told = []
    for (let round = 0; round < 12; round++) {
      told.push(...Array.from({ length: 30 }, (_, index) => tell(producer, 'orders', index % 6, `${round}-${index}`)))
      await new Promise((resolve) => setTimeout(resolve, 15))
      if (round % 3 === 0) kafka.cutConnections()
      if (round % 4 === 1) await kafka.stopBroker(round % 3)
      if (round % 4 === 3) await kafka.startBroker((round - 2) % 3)
    }
    const all = await Promise.all(told)
    expect(lies(kafka, 'orders', all)).toEqual([])
    expect(all.every(({ outcome }) => outcome === 'acknowledged')).toBe(true)
  })

  it('delivers when all brokers are away for less than the deadline', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    await kafka.stopBroker(0)
    const waiting = tell(producer, 'orders', 0, 'A')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await kafka.startBroker(0)
    expect((await waiting).outcome).toBe('acknowledged')
    expect(onLog(kafka, 'orders')).toEqual(['first', 'A'])
  })

  it('says that nothing was written when no broker could be reached before the deadline', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    await kafka.stopBroker(0)
    const noticing = await tell(producer, 'orders', 0, 'noticing', 100) // may still go into a connection that is just being closed
    const told = await tell(producer, 'orders', 0, 'A', 300)
    expect(told).toMatchObject({ outcome: 'not-written', error: { code: 'PUBLISH_TIMEOUT' } })
    await kafka.startBroker(0)
    expect((await tell(producer, 'orders', 0, 'B')).outcome).toBe('acknowledged')
    expect(lies(kafka, 'orders', [noticing, told])).toEqual([])
    expect(onLog(kafka, 'orders')).toEqual(['first', 'B'])
  })

  it('says that it does not know when the deadline passes while an answer is awaited', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    const goOn = kafka.pauseAnswers()
    const told = await tell(producer, 'orders', 0, 'A', 150)
    expect(told).toMatchObject({ outcome: 'unknown', error: { code: 'PUBLISH_TIMEOUT' } })
    goOn()
    expect((await tell(producer, 'orders', 0, 'B')).outcome).toBe('acknowledged')
    expect(lies(kafka, 'orders', [told])).toEqual([])
  })
})

describe('a producer id that the broker does not want any more', () => {
  it.each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'] as const)(
    'goes on after %s, without losing or doubling',
    async (error) => {
      const { kafka, driver } = await stage()
      kafka.createTopic('orders', { partitions: 2 })
      const producer = driver.createProducer({ clientId: 'p' })
      const before = await Promise.all(
        [0, 1].map((partition) => tell(producer, 'orders', partition, `before-${partition}`)),
      )
      kafka.faults.on('Produce', { topic: 'orders', partition: 0 }).failWith(error)
      const after = await Promise.all(
        Array.from({ length: 10 }, (_, index) => tell(producer, 'orders', index % 2, `after-${index}`)),
      )
      expect(after.every(({ outcome }) => outcome === 'acknowledged')).toBe(true)
      expect(lies(kafka, 'orders', [...before, ...after])).toEqual([])
      const ids = (partition: number): number =>
        new Set(kafka.log('orders', partition).map((each) => each.producerId)).size
      expect([ids(0), ids(1)]).toEqual([2, 1])
    },
  )

  it('does not write a second time what may have been written before the sequence was lost', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await tell(producer, 'orders', 0, 'first')
    kafka.faults.on('Produce').dropConnection('after')
    kafka.faults.on('Produce', { nth: 2 }).failWith('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const a = await tell(producer, 'orders', 0, 'A')
    const b = await tell(producer, 'orders', 0, 'B')
    expect([a.outcome, b.outcome]).toEqual(['unknown', 'acknowledged'])
    expect(onLog(kafka, 'orders')).toEqual(['first', 'A', 'B'])
  })
})

describe('an error of the broker itself', () => {
  // Kafka catches whatever goes wrong while it appends, also when the records are on the log already.
  it.each(['UNKNOWN_SERVER_ERROR', 'KAFKA_STORAGE_ERROR'] as const)(
    'says nothing about the log: %s does not make a batch certainly not written',
    async (error) => {
      const { kafka, driver } = await stage()
      kafka.createTopic('orders', { partitions: 2 })
      const producer = driver.createProducer({ clientId: 'p' })
      await tell(producer, 'orders', 0, 'first')
      kafka.faults.on('Produce').failWith(error, 'after')
      kafka.faults.on('Produce', { nth: 2 }).failWith('OUT_OF_ORDER_SEQUENCE_NUMBER')
      const again = await tell(producer, 'orders', 0, 'sent again')
      const filter = { topic: 'orders', partition: 1, times: Number.POSITIVE_INFINITY }
      using _ = kafka.faults.on('Produce', filter).failWith(error, 'after')
      const late = await tell(producer, 'orders', 1, 'late', 600)
      expect(lies(kafka, 'orders', [again, late])).toEqual([])
      expect([again.outcome, late.outcome]).toEqual(['unknown', 'unknown'])
    },
  )
})

describe('a refusal', () => {
  it('is tried again when nobody knows its code', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    kafka.faults.on('Produce', { times: 2 }).failWith('THROTTLING_QUOTA_EXCEEDED')
    expect((await tell(producer, 'orders', 0, 'A')).outcome).toBe('acknowledged')
    expect(onLog(kafka, 'orders')).toEqual(['A'])
  })

  it('that no waiting heals is told at once, with what it means, and the next batch goes through', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    kafka.faults.on('Produce').failWith('TOPIC_AUTHORIZATION_FAILED')
    const a = await tell(producer, 'orders', 0, 'A')
    expect(a).toMatchObject({
      outcome: 'not-written',
      error: { code: 'WRITE_REFUSED', cause: { code: 'NOT_AUTHORIZED' } },
    })
    expect((await tell(producer, 'orders', 0, 'B')).outcome).toBe('acknowledged')
    expect(onLog(kafka, 'orders')).toEqual(['B'])
  })

  it('of a record that is too large stops nothing else, not even in the same request', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2, configs: { 'max.message.bytes': '1000' } })
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.partitionCount('orders')
    const [large, small] = await Promise.all([
      tell(producer, 'orders', 0, 'x'.repeat(2_000)),
      tell(producer, 'orders', 1, 'small'),
    ])
    expect(large).toMatchObject({ outcome: 'not-written', error: { code: 'RECORD_TOO_LARGE' } })
    expect(small.outcome).toBe('acknowledged')
  })
})

it('writes null, empty and repeated headers as they are, in their order', async () => {
  const { kafka, driver } = await stage()
  kafka.createTopic('orders')
  const headers = [
    ['b', null],
    ['a', Buffer.from('1')],
    ['b', Buffer.alloc(0)],
    ['a', Buffer.from([0xff, 0xfe])],
  ] as const
  await driver
    .createProducer({ clientId: 'p' })
    .append({ topic: 'orders', partition: 0 }, [record(null, headers)], { timeoutMs: 5_000 })
  expect(kafka.log('orders', 0)[0]?.headers).toEqual(headers)
})
