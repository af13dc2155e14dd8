import type { Driver, Transactions } from './driver.ts'
import type { Scenario } from './scenarios.ts'
import { eventually, madeTopic, plain, valuesFrom } from './steps.ts'

export const transactionScenarios: Readonly<Record<string, Scenario>> = {
  /** One transaction of each kind beside plain records, and what readers see while one is open and when it is over. */
  transactions: {
    async run(driver, unique) {
      const transactions = transactionsOf(driver)
      const topic = await madeTopic(driver, unique('topic'), 1)
      await driver.produce(topic, [{ value: 'plain 0' }], plain)
      const first = await transactions.producer(unique('id'))
      await first.begin()
      await first.send(topic, ['committed 1'])
      await first.commit()
      await first.begin()
      await first.send(topic, ['aborted 3'])
      await first.abort()
      await first.begin()
      await first.send(topic, ['fenced 5'])

      const second = await transactions.producer(unique('id'))
      await second.begin()
      await second.send(topic, ['committed 7'])
      await second.commit()
      const late = await first.commit()

      const other = await transactions.producer(unique('other-id'))
      await other.begin()
      await other.send(topic, ['open 9'])
      await driver.produce(topic, [{ value: 'plain 10' }], plain)

      const everything = await driver.join(unique('everything'), topic, 'read_uncommitted')
      const uncommitted = await everything.take(7)
      const careful = await driver.join(unique('careful'), topic, 'read_committed')
      const committed = await careful.take(3)
      // A reader that had been served what is open, or behind it, would have it by now, and take it next.
      await other.abort()
      const afterAbort = await careful.take(1)
      const [last] = await driver.read(topic, { offset: 10 }, 1)

      await Promise.all([first, second, other].map((producer) => producer.close()))
      await Promise.all([everything, careful].map((member) => member.leave()))
      return { late, uncommitted, committed, afterAbort, last: last?.value }
    },
    // Each number is an offset: the markers take those between.
    expected: () => ({
      late: 'fenced',
      uncommitted: ['plain 0', 'committed 1', 'aborted 3', 'fenced 5', 'committed 7', 'open 9', 'plain 10'],
      committed: ['plain 0', 'committed 1', 'committed 7'],
      afterAbort: ['plain 10'],
      last: 'plain 10',
    }),
  },

  /** Exactly once from topic to topic: what is aborted is done again, and nobody reads it twice. */
  transform: {
    async run(driver, unique) {
      const transactions = transactionsOf(driver)
      const source = await madeTopic(driver, unique('source'), 1)
      const target = await madeTopic(driver, unique('target'), 1)
      const group = unique('group')
      await driver.produce(source, valuesFrom(0, 3), plain)

      const committed: number[] = []
      for (const attempt of ['aborted', 'done']) {
        const transformer = await transactions.transformer(unique('id'), group, source)
        const taken = await transformer.take(3)
        await transformer.begin()
        await transformer.send(
          target,
          taken.map((value) => `${value} ${attempt}`),
        )
        await transformer.sendOffsets()
        committed.push(await driver.committed(group, source))
        if (attempt === 'aborted') await transformer.abort()
        else await transformer.commit()
        await transformer.close()
      }
      const offset = await eventually(() => driver.committed(group, source), 3)

      const reader = await driver.join(unique('reader'), target, 'read_committed')
      const read = await reader.take(3)
      await reader.leave()
      await driver.produce(source, valuesFrom(3, 1), plain)
      const next = await driver.join(group, source, 'read_committed')
      const rest = await next.take(1)
      await next.leave()
      return { committed, offset, read, rest }
    },
    expected: () => ({ committed: [-1, -1], offset: 3, read: ['v0 done', 'v1 done', 'v2 done'], rest: ['v3'] }),
  },
}

function transactionsOf({ transactions }: Driver): Transactions {
  if (!transactions) throw new Error('a client without transactions says so in `cannot`')
  return transactions
}
