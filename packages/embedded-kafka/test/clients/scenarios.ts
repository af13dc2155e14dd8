/** The list that every client runs, on this broker and on Apache Kafka. Each gives an answer that must be the same on both, and the one written here. */
import { type Client, codecs, type Driver, type Member } from './driver.ts'
import { eventually, madeTopic, plain, valuesFrom } from './steps.ts'
import { transactionScenarios } from './transaction-scenarios.ts'

export interface Scenario {
  /** `unique` makes a name for a topic or group that nobody else uses. */
  run(driver: Driver, unique: (name: string) => string, client: Client): Promise<unknown>
  expected(client: Client): unknown
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  topics: {
    async run(driver, unique) {
      const topic = unique('topic')
      await driver.createTopic(topic, 3, { 'retention.ms': '7000' })
      const created = await eventually(() => driver.partitions(topic), 3)
      const retention = await driver.setting(topic, 'retention.ms')
      await driver.addPartitions(topic, 5)
      const grown = await eventually(() => driver.partitions(topic), 5)
      await driver.deleteTopic(topic)
      return { created, retention, grown, deleted: await eventually(() => driver.partitions(topic), 0) }
    },
    expected: () => ({ created: 3, retention: '7000', grown: 5, deleted: 0 }),
  },

  records: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      await driver.produce(
        topic,
        [
          { key: 'a', value: 'one', headers: { first: 'x', second: 'y' } },
          { key: null, value: 'two' },
          { key: 'c', value: null },
        ],
        plain,
      )
      return driver.read(topic, { offset: 0 }, 3)
    },
    expected: () => [
      { offset: 0, key: 'a', value: 'one', headers: { first: 'x', second: 'y' } },
      { offset: 1, key: null, value: 'two', headers: {} },
      { offset: 2, key: 'c', value: null, headers: {} },
    ],
  },

  codecs: {
    async run(driver, unique, client) {
      const sizes: Record<string, number> = {}
      for (const codec of client.codecs ?? codecs) {
        const topic = await madeTopic(driver, unique(codec), 1)
        await driver.produce(topic, valuesFrom(0, 50), { ...plain, codec })
        const read = await driver.read(topic, { offset: 0 }, 50)
        sizes[codec] = new Set(read.map(({ value }) => value)).size
      }
      return sizes
    },
    expected: (client) => Object.fromEntries((client.codecs ?? codecs).map((codec) => [codec, 50])),
  },

  /** More than fits into one batch or one answer. */
  load: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      const count = 5_000
      await driver.produce(topic, valuesFrom(0, count), { ...plain, idempotent: true })
      const read = await driver.read(topic, { offset: 0 }, count)
      return new Set(read.map(({ value }) => value)).size
    },
    expected: () => 5_000,
  },

  group: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      const group = unique('group')
      await driver.produce(topic, valuesFrom(0, 10), plain)
      const first = await driver.join(group, topic, 'read_committed')
      const taken = await first.take(10)
      const state = await eventually(() => driver.groupState(group), 'Stable')
      await first.commit()
      await first.leave()
      const committed = await eventually(() => driver.committed(group, topic), 10)
      await driver.produce(topic, valuesFrom(10, 3), plain)
      const second = await driver.join(group, topic, 'read_committed')
      const rest = await second.take(3)
      await second.leave()
      return { taken: taken.length, state, committed, rest }
    },
    expected: () => ({ taken: 10, state: 'Stable', committed: 10, rest: ['v10', 'v11', 'v12'] }),
  },

  rebalance: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 4)
      const group = unique('group')
      const first = await driver.join(group, topic, 'read_committed')
      const alone = await eventually(async () => (await first.assigned()).length, 4)
      const second = await driver.join(group, topic, 'read_committed')
      const shares = async () => [(await first.assigned()).length, (await second.assigned()).length]
      const shared = await eventually(shares, [2, 2])
      const all = [...(await first.assigned()), ...(await second.assigned())]
      await first.leave()
      const inherited = await eventually(async () => (await second.assigned()).length, 4)
      await second.leave()
      return { alone, shared, all: all.toSorted((one, other) => one - other), inherited }
    },
    expected: () => ({ alone: 4, shared: [2, 2], all: [0, 1, 2, 3], inherited: 4 }),
  },

  'five members': {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 10)
      const group = unique('group')
      // One after the other: each of them disturbs those that are there.
      const members: Member[] = []
      for (let count = 0; count < 5; count++) members.push(await driver.join(group, topic, 'read_committed'))
      const shares = async () => {
        const assigned = await Promise.all(members.map((member) => member.assigned()))
        return assigned.map(({ length }) => length)
      }
      const shared = await eventually(shares, [2, 2, 2, 2, 2])
      await Promise.all(members.map((member) => member.leave()))
      return { shared, state: await eventually(() => driver.groupState(group), 'Empty') }
    },
    expected: () => ({ shared: [2, 2, 2, 2, 2], state: 'Empty' }),
  },

  seek: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      const start = Date.now() - 60_000
      for (const [index, value] of ['a', 'b', 'c'].entries())
        await driver.produce(topic, [{ value, timestamp: start + index * 1_000 }], plain)
      const [byOffset] = await driver.read(topic, { offset: 2 }, 1)
      const [byTime] = await driver.read(topic, { timestamp: start + 500 }, 1)
      return { byOffset: byOffset?.value, byTime: byTime?.value }
    },
    expected: () => ({ byOffset: 'c', byTime: 'b' }),
  },

  idempotence: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      await driver.produce(topic, valuesFrom(0, 20), { ...plain, idempotent: true })
      await driver.produce(topic, valuesFrom(20, 20), { ...plain, idempotent: true })
      return (await driver.read(topic, { offset: 0 }, 40)).map(({ value }) => value)
    },
    expected: () => valuesFrom(0, 40).map(({ value }) => value),
  },

  admin: {
    async run(driver, unique) {
      const topic = await madeTopic(driver, unique('topic'), 1)
      await driver.changeSetting(topic, 'retention.ms', '9000000')
      const retention = await eventually(() => driver.setting(topic, 'retention.ms'), '9000000')
      const kept = await driver.setting(topic, 'max.message.bytes')
      await driver.produce(topic, valuesFrom(0, 5), plain)
      await driver.deleteRecords(topic, 2)
      const [first] = await driver.read(topic, { offset: 2 }, 1)
      const group = unique('group')
      const member = await driver.join(group, topic, 'read_committed')
      const taken = await member.take(3)
      await member.commit()
      await member.leave()
      const state = await eventually(() => driver.groupState(group), 'Empty')
      const committed = await eventually(() => driver.committed(group, topic), 5)
      await driver.deleteGroup(group)
      return { retention, kept, first: first?.value, taken, state, committed }
    },
    expected: () => ({
      retention: '9000000',
      kept: '1048588',
      first: 'v2',
      taken: ['v2', 'v3', 'v4'],
      state: 'Empty',
      committed: 5,
    }),
  },

  ...transactionScenarios,
}
