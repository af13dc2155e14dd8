import { madeTopic } from '../clients/steps.ts'
import type { Check } from './checks.ts'
import { columns, lines } from './printed.ts'

/** One transaction is open, and then ended by the operator: its coordinator does not hear of that. */
export const transactionCheck: Check = {
  async run(tools, driver, unique) {
    const topic = await madeTopic(driver, unique, 1)
    const producer = await driver.transactions?.producer(unique)
    await producer?.begin()
    await producer?.send(topic, ['open'])
    const ask = async (...args: string[]) => (await tools.run('kafka-transactions', args)).replaceAll(unique, 'TOPIC')
    const partition = ['--topic', topic, '--partition', '0']
    const listed = columns(await ask('list'), 'TransactionalId', 'TransactionState')
    const described = await ask('describe', '--transactional-id', unique)
    const hanging = await ask('find-hanging', '--topic', topic)
    const before = await ask('describe-producers', ...partition)
    await ask('abort', ...partition, '--start-offset', '0')
    const after = await ask('describe-producers', ...partition)
    await producer?.close()
    const start = 'CurrentTransactionStartOffset'
    return {
      // Others leave transactions on a real cluster.
      listed: listed.filter(([id]) => id === 'TOPIC'),
      described: columns(described, 'TransactionalId', 'ProducerEpoch', 'TransactionState', 'TransactionTimeoutMs'),
      hanging: lines(hanging, topic).slice(1),
      before: columns(before, 'ProducerEpoch', 'LastSequence', start),
      after: columns(after, start),
    }
  },
  expected: {
    listed: [['TOPIC', 'Ongoing']],
    described: [['TOPIC', '0', 'Ongoing', '60000']],
    hanging: [],
    before: [['0', '0', '0']],
    after: [['None']],
  },
}
