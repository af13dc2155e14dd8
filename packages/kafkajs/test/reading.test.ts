/** What a reader may count on while logs, leaders, pauses and fetches misbehave. */
import { describe, expect, it } from 'vitest'
import { join } from './members.ts'
import { record, stage } from './stage.ts'

const appendOptions = { timeoutMs: 5_000 }

describe('a start position', () => {
  it('of a partition without a commit is the beginning the first time and after a restart: nothing is jumped over', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.append({ topic: 'orders', partition: 0 }, [record('a'), record('b')], appendOptions)
    const first = join(driver, 'orders')
    await first.until(() => first.values().length === 2)
    await first.consumer.close()
    const second = join(driver, 'orders')
    await second.until(() => second.values().length === 2)
    expect(second.values()).toEqual(['a', 'b'])
  })

  it('beyond 2^53 is exact, in reading, committing and starting again', async () => {
    const { kafka, driver } = await stage()
    const startOffset = 9_007_199_254_740_993n
    kafka.createTopic('orders', { startOffset })
    const producer = driver.createProducer({ clientId: 'p' })
    const { baseOffset } = await producer.append(
      { topic: 'orders', partition: 0 },
      [record('a'), record('b')],
      appendOptions,
    )
    expect(baseOffset).toBe(startOffset)
    const first = join(driver, 'orders')
    await first.until(() => first.values().length === 2)
    expect(first.records().map(({ offset }) => offset)).toEqual([startOffset, startOffset + 1n])
    expect(await first.commit(0)).toEqual(['committed'])
    await first.consumer.close()
    await producer.append({ topic: 'orders', partition: 0 }, [record('c')], appendOptions)
    const second = join(driver, 'orders')
    await second.until(() => second.values().length === 1)
    expect(second.values()).toEqual(['c'])
  })
})

describe('a position beyond the end of the log', () => {
  it('is chosen anew, in a new epoch: the reader neither jumps nor waits for ever', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.append({ topic: 'orders', partition: 0 }, [record('a')], appendOptions)
    const member = join(driver, 'orders')
    await member.until(() => member.values().length === 1)
    const epoch = member.epochs.get(0) ?? 0
    member.consumer.seek({ topic: 'orders', partition: 0 }, epoch, 1_000n)
    await member.until(() => member.values().length === 2)
    expect(member.heard).toEqual(['assigned 0', 'lost 0', 'assigned 0'])
    expect(member.epochs.get(0)).toBeGreaterThan(epoch)
  })
})

describe('a topic', () => {
  it('that gets more partitions is read in all of them, from their beginning', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    await driver.createAdmin({ clientId: 'a' }).createPartitions('orders', 3)
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 2 }, [record('early')], appendOptions)
    await member.until(() => member.values().includes('early'))
    expect(member.heard).toEqual(['assigned 0', 'assigned 1,2'])
  })

  it('that does not exist yet is waited for', async () => {
    const { kafka, driver } = await stage()
    const member = join(driver, 'orders')
    await member.consumer.joined
    kafka.createTopic('orders')
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 0 }, [record('a')], appendOptions)
    await member.until(() => member.values().includes('a'))
  })

  it('that is deleted ends the membership with an error that says so', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    await driver.createAdmin({ clientId: 'a' }).deleteTopics(['orders'])
    await member.until(() => member.failure !== null, 10_000)
    expect(member.failure).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(member.heard).toEqual(['assigned 0', 'lost 0'])
  })
})

describe('a paused partition', () => {
  it('is read again at once when it is resumed in the middle of the long poll for others', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const producer = driver.createProducer({ clientId: 'p' })
    const member = join(driver, 'orders', { maxWaitMs: 5_000 })
    await member.until(() => member.heard.length === 1)
    member.consumer.pause([{ topic: 'orders', partition: 0 }])
    await producer.append({ topic: 'orders', partition: 1 }, [record('wakes the poll')], appendOptions)
    await member.until(() => member.values().length === 1)
    await producer.append({ topic: 'orders', partition: 0 }, [record('held back')], appendOptions)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(member.values()).toEqual(['wakes the poll'])
    const startedAt = performance.now()
    member.consumer.resume([{ topic: 'orders', partition: 0 }])
    await member.until(() => member.values().includes('held back'))
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })

  it('stays paused over a rebalance that leaves it where it is', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    member.consumer.pause([
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 1 },
    ])
    const other = join(driver, 'orders')
    await other.until(() => other.epochs.size === 1)
    const kept = other.epochs.has(0) ? 1 : 0
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: kept }, [record('a')], appendOptions)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(member.values()).toEqual([])
    member.consumer.resume([{ topic: 'orders', partition: kept }])
    await member.until(() => member.values().includes('a'))
  })
})

describe('an answer from the past', () => {
  it('is dropped when the partition was lost and regained while it was under way', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    await producer.append({ topic: 'orders', partition: 0 }, [record('a')], appendOptions)
    const late = kafka.faults.on('Fetch').hold('after')
    const member = join(driver, 'orders', { sessionTimeoutMs: 6_000 })
    await late.happened()
    kafka.faults.on('Heartbeat').failWith('ILLEGAL_GENERATION')
    await member.until(() => member.heard.length === 3 && member.values().length > 0)
    late.release()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(member.values()).toEqual(['a'])
    expect(new Set(member.chunks.map(({ epoch }) => epoch))).toEqual(new Set([member.epochs.get(0)]))
  })

  it('is dropped when the position was sought away while it was under way', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const producer = driver.createProducer({ clientId: 'p' })
    for (const value of ['a', 'b', 'c'])
      await producer.append({ topic: 'orders', partition: 0 }, [record(value)], appendOptions)
    const late = kafka.faults.on('Fetch').hold('after')
    const member = join(driver, 'orders')
    await late.happened()
    member.consumer.seek({ topic: 'orders', partition: 0 }, member.epochs.get(0) ?? 0, 2n)
    await member.until(() => member.values().includes('c'))
    late.release()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(member.values()).toEqual(['c'])
  })
})

describe('trouble of one partition or broker', () => {
  it('does not stop the others', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
    kafka.createTopic('orders', { partitions: 2, replicationFactor: 1 })
    const producer = driver.createProducer({ clientId: 'p' })
    const member = join(driver, 'orders')
    await member.until(() => member.epochs.size === 2)
    const away = kafka.coordinatorOf('group') === kafka.leaderOf('orders', 0) ? 1 : 0
    kafka.faults
      .on('Fetch', { topic: 'orders', partition: away, times: Number.POSITIVE_INFINITY })
      .failWith('KAFKA_STORAGE_ERROR')
    await producer.append({ topic: 'orders', partition: 1 - away }, [record('goes on')], appendOptions)
    await member.until(() => member.values().includes('goes on'))
    await member.until(() => member.consumer.status().lastError !== null)
    kafka.faults.clear()
    await producer.append({ topic: 'orders', partition: away }, [record('is back')], appendOptions)
    await member.until(() => member.values().includes('is back'))
    await member.until(() => member.consumer.status().lastError === null)
  })

  it('reads on where it was when leaders move, brokers stop and connections are cut', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 3, replicationFactor: 3 })
    const producer = driver.createProducer({ clientId: 'p' })
    const member = join(driver, 'orders')
    const sent: string[] = []
    for (let round = 0; round < 9; round++) {
      const values = Array.from({ length: 12 }, (_, index) => `${round}-${index}`)
      sent.push(...values)
      await Promise.all(
        values.map((value, index) =>
          producer.append({ topic: 'orders', partition: index % 3 }, [record(value)], { timeoutMs: 8_000 }),
        ),
      )
      if (round % 3 === 0) kafka.moveLeader('orders', 0, round % 2 === 0 ? 0 : 2)
      if (round % 3 === 1) kafka.cutConnections()
      if (round === 2) await kafka.stopBroker(1)
      if (round === 5) await kafka.startBroker(1)
    }
    await member.until(() => member.values().length >= sent.length)
    expect(member.values().toSorted()).toEqual(sent.toSorted())
    expect(member.heard).toEqual(['assigned 0,1,2'])
  })
})
