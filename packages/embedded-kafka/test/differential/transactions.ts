/** Transactions of producers that name their partitions first, and of those whose first batch does (KIP-890). */
import { type Scenario, until } from './session.ts'
import { Speaker } from './transactional-speaker.ts'

/** As kafkajs, librdkafka and older Java clients do it. */
export const classicTransactions: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'classic')
  const { transactionalId, topic } = speaker
  const absent = [{ name: `absent-${session.suffix}`, partitions: [0] }]

  await speaker.record('an empty id', 'InitProducerId', 1, { transactionalId: '', transactionTimeoutMs: 1 })
  await speaker.record('no timeout', 'InitProducerId', 1, { transactionalId, transactionTimeoutMs: 0 })
  await speaker.record('a timeout too long', 'InitProducerId', 1, { transactionalId, transactionTimeoutMs: 900_001 })
  await speaker.add('add before the beginning', { producerId: 5n, producerEpoch: 0 })
  await speaker.end('end before the beginning', { producerId: 5n, producerEpoch: 0 }, true)
  const first = await speaker.initialize('initialize', 1)
  await speaker.describe('described: empty')
  await speaker.end('commit of nothing', first, true)
  await speaker.end('abort of nothing', first, false)
  await speaker.write('a write before the partition is added', first, 0)
  await speaker.write('the same in version 11', first, 0, 11)
  await speaker.add('add an unknown topic', first, 1, [...absent, { name: topic, partitions: [0] }])
  for (const version of [0, 2, 3]) {
    await speaker.add(`add by a stranger ${version}`, { ...first, producerId: first.producerId + 99n }, version)
    await speaker.add(`add in another epoch ${version}`, { ...first, producerEpoch: 7 }, version)
  }
  await speaker.add('add', first)
  await speaker.add('add again', first, 3)
  await speaker.write('a first write', first, 0)
  await speaker.write('a second write', first, 1)
  await speaker.write('the second again', first, 1)
  await speaker.write('a write outside of the transaction', first, 2, 7, { attributes: 0 })
  await speaker.describe('described: ongoing')
  await speaker.remembered('producers: ongoing')
  await speaker.read('read while it is open')
  for (const version of [0, 2]) {
    await speaker.end(`end by a stranger ${version}`, { ...first, producerId: first.producerId + 99n }, true, version)
    await speaker.end(`end in another epoch ${version}`, { ...first, producerEpoch: 7 }, true, version)
  }
  await speaker.end('commit', first, true)
  await speaker.ended()
  await speaker.describe('described: committed')
  await speaker.remembered('producers: committed')
  await speaker.read('read when it is committed')
  await speaker.end('commit again', first, true)
  await speaker.end('abort what is committed', first, false)
  await speaker.write('a write after the end', first, 2)

  await speaker.add('add to the next', first)
  await speaker.write('a write of the next', first, 2)
  await speaker.end('abort', first, false)
  await speaker.ended()
  await speaker.describe('described: aborted')
  await speaker.read('read when it is aborted')
  await speaker.read('read from the aborted record', 3n)
  await speaker.read('read behind it', 5n)
  await speaker.end('abort again', first, false)
  await speaker.end('commit what is aborted', first, true)

  await speaker.add('add to one more', first)
  await speaker.write('a write of one more', first, 3)
  const second = await speaker.initialize('initialize by another producer', 1)
  await speaker.ended()
  await speaker.describe('described: fenced')
  await speaker.remembered('producers: fenced')
  await speaker.read('read when the first was fenced', 5n)
  await speaker.write('a write of the fenced one', first, 4)
  await speaker.add('add by the fenced one', first)
  await speaker.add('add by the fenced one 2', first, 2)
  await speaker.end('end by the fenced one', first, true)
  await speaker.end('end by the fenced one 2', first, true, 2)
  await speaker.add('add by the second', second)
  await speaker.write('a write of the second, with a gap', second, 3)
  await speaker.write('a write of the second', second, 0)
  await speaker.end('commit of the second', second, true)
  await speaker.ended()
  await speaker.read('read what the second wrote', 7n)

  const third = await speaker.initialize('a new epoch', 3, second)
  await speaker.initialize('the same again', 3, second)
  await speaker.initialize('of an older epoch', 3, first)
  await speaker.initialize('of an older epoch 4', 4, first)
  await speaker.initialize('of nobody', 4, { producerId: third.producerId + 99n, producerEpoch: 0 })
  await speaker.initialize('half an identity', 4, { producerId: third.producerId })
}

/** As Java and franz-go do it: the first batch adds its partition, and every end gives a new epoch. */
export const newTransactions: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'newer')
  const first = await speaker.initialize('initialize', 5)
  await speaker.end('commit of nothing', first, true, 5)
  await speaker.end('abort of nothing', first, false, 5)
  await speaker.ended()
  await speaker.describe('described: aborted nothing')
  const next = { ...first, producerEpoch: first.producerEpoch + 1 }
  await speaker.write('a write in the old epoch', first, 0, 12)
  await speaker.write('a write', next, 0, 12)
  await speaker.describe('described: ongoing')
  await speaker.end('commit in the old epoch', first, true, 5)
  await speaker.end('commit in an epoch to come', { ...next, producerEpoch: 9 }, true, 5)
  await speaker.end('commit', next, true, 5)
  await speaker.ended()
  await speaker.describe('described: committed')
  await speaker.remembered('producers: committed')
  await speaker.read('read when it is committed')
  await speaker.end('commit again', next, true, 5)
  await speaker.end('abort what is committed', next, false, 5)
  const third = { ...first, producerEpoch: next.producerEpoch + 1 }
  await speaker.end('commit before anything is written', third, true, 5)
  await speaker.write('a late write', next, 1, 12)
  await speaker.write('a write of the next that does not begin with 0', third, 1, 12)
  await speaker.write('a write of the next', third, 0, 12)
  await speaker.initialize('initialize by another producer', 5)
  await speaker.ended()
  await speaker.describe('described: fenced')
  await speaker.remembered('producers: fenced')
  await speaker.read('read when it is fenced', 2n)
  await speaker.write('a write of the fenced one', third, 1, 12)
  await speaker.end('commit of the fenced one', third, true, 5)
  await speaker.end('abort of the fenced one', third, false, 5)
  await speaker.record('an epoch for itself alone', 'InitProducerId', 5, {
    transactionalId: null,
    transactionTimeoutMs: 1,
  })
}

/** A producer that falls silent: the broker aborts what it left open. */
export const timedOutTransactions: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'silent')
  for (const version of [7, 12]) {
    const producer = await speaker.initialize(`initialize ${version}`, 4, { transactionTimeoutMs: 100 })
    if (version === 7) await speaker.add('add', producer)
    await speaker.write(`a write ${version}`, producer, 0, version)
    await until(async () => {
      const { transactionStates } = await speaker.ask<{ transactionStates: { transactionState: string }[] }>(
        'DescribeTransactions',
        0,
        { transactionalIds: [speaker.transactionalId] },
      )
      return transactionStates[0]?.transactionState === 'CompleteAbort'
    })
    await speaker.describe(`described ${version}`)
    await speaker.remembered(`producers ${version}`)
    await speaker.read(`read ${version}`)
    await speaker.write(`a late write ${version}`, producer, 1, version)
    await speaker.end(`a late commit ${version}`, producer, true, version === 7 ? 1 : 5)
    await speaker.initialize(`initialize for itself ${version}`, 4, producer)
  }
}

/** Several transactions in one request, and questions whether a partition is a part of one. */
export const batchedPartitions: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'batched')
  const { transactionalId, topic } = speaker
  const producer = await speaker.initialize('initialize')
  const ask = (what: string, version: number, over: object = {}, name = topic) =>
    speaker.record(what, 'AddPartitionsToTxn', version, {
      transactions: [
        { transactionalId, ...producer, verifyOnly: false, topics: [{ name, partitions: [0] }], ...over },
        { transactionalId: '', ...producer, verifyOnly: false, topics: [{ name: topic, partitions: [0] }] },
      ],
    })
  for (const version of [4, 5]) {
    await ask(`verify ${version}`, version, { verifyOnly: true })
    await ask(`verify in another epoch ${version}`, version, { verifyOnly: true, producerEpoch: 9 })
    await ask(`add an unknown topic ${version}`, version, {}, `absent-${session.suffix}`)
    await ask(`add in another epoch ${version}`, version, { producerEpoch: 9 })
    await ask(`add ${version}`, version)
    await ask(`verify what was added ${version}`, version, { verifyOnly: true })
    await speaker.end(`abort ${version}`, producer, false, 4)
    await speaker.ended()
    await ask(`verify what has ended ${version}`, version, { verifyOnly: true })
  }
}
