/** Transactions of producers that name their partitions first, and of those whose first batch does (KIP-890). */
import { errorCodes } from '../../src/protocol/error-codes.ts'
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

/** Offsets that are committed with a transaction, in the classic way and in the newer one. */
export const transactionalOffsets: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'offsets')
  const { transactionalId, topic } = speaker
  const groupId = await session.findGroup('transactional')
  let producer = await speaker.initialize('initialize', 4)
  const speakerFields = { transactionalId, groupId, groupInstanceId: null, generationId: -1 }
  const commit = (what: string, nextOffset: bigint, version: number, over: object = {}) =>
    speaker.record(what, 'TxnOffsetCommit', version, {
      ...speakerFields,
      ...producer,
      topics: [
        { name: topic, partitions: [{ committedOffset: nextOffset, committedMetadata: 'm' }] },
        { name: `absent-${session.suffix}`, partitions: [{ committedOffset: 1n, committedMetadata: null }] },
      ],
      ...over,
    })
  const add = (what: string, over: object = {}, version = 3) =>
    speaker.record(what, 'AddOffsetsToTxn', version, { transactionalId, ...producer, groupId, ...over })
  const committed = async (what: string) => {
    for (const requireStable of [false, true]) {
      const topics = [{ name: topic, partitionIndexes: [0] }]
      await speaker.record(`${what}, stable ${requireStable}`, 'OffsetFetch', 7, { groupId, topics, requireStable })
      const groups = [{ groupId, memberId: null, topics }]
      await speaker.record(`${what}, stable ${requireStable} 9`, 'OffsetFetch', 9, { groups, requireStable })
    }
  }

  for (const version of [3, 4]) await commit(`commit without being asked ${version}`, 1n, version)
  await add('add by a stranger', { producerId: producer.producerId + 9n })
  for (const version of [1, 3]) await add(`add in another epoch ${version}`, { producerEpoch: 9 }, version)
  await add('add')
  for (const version of [0, 3]) await commit(`commit ${version}`, 5n, version)
  await commit('commit of another epoch', 6n, 3, { producerEpoch: 9 })
  await commit('commit of an unknown generation', 6n, 3, { generationId: 3, memberId: 'x' })
  await commit('commit to no group', 6n, 3, { groupId: '' })
  await commit('commit with too much to say', 6n, 3, {
    topics: [{ name: topic, partitions: [{ committedOffset: 6n, committedMetadata: 'x'.repeat(5_000) }] }],
  })
  await speaker.describe('described with offsets')
  await committed('while it is open')
  await speaker.end('abort', producer, false, 3)
  await speaker.ended()
  await committed('when it is aborted')
  await add('add again')
  await commit('commit again', 7n, 3)
  await speaker.end('commit', producer, true, 3)
  await speaker.ended()
  await committed('when it is committed')

  await commit('commit without being asked 5', 9n, 5)
  await speaker.describe('described with offsets that nobody added')
  await committed('while the next is open')
  await speaker.end('commit the next', producer, true, 5)
  await speaker.ended()
  await committed('when the next is committed')
  await commit('commit in the epoch before', 11n, 5)
  producer = { ...producer, producerEpoch: producer.producerEpoch + 1 }
  await commit('commit in the epoch after', 12n, 5)
  await speaker.initialize('initialize by another producer', 5)
  await speaker.ended()
  await committed('when it is fenced')
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

/** What administrators see and do. */
export const administeredTransactions: Scenario = async (session) => {
  const speaker = await Speaker.find(session, 'listed')
  // The very first id of a cluster is 0, which is also what answers have where there is none.
  await until(async () => {
    const { errorCode } = await speaker.ask<{ errorCode: number }>('InitProducerId', 1, { transactionalId: null })
    return errorCode === errorCodes.NONE
  })
  const { transactionalId, topic } = speaker
  const mine = async (what: string, filters: object, version = 2) => {
    const { transactionStates, ...rest } = await speaker.ask<{ transactionStates: { transactionalId: string }[] }>(
      'ListTransactions',
      version,
      { durationFilter: -1n, ...filters },
    )
    const states = transactionStates.filter((state) => state.transactionalId === transactionalId)
    await session.record(what, Promise.resolve({ ...rest, states }))
  }
  const producer = await speaker.initialize('initialize')
  await speaker.add('add', producer)
  await speaker.write('a write', producer, 0)
  for (const version of [0, 1, 2]) await mine(`all ${version}`, {}, version)
  await mine('ongoing', { stateFilters: ['Ongoing'] })
  await mine('empty', { stateFilters: ['Empty', 'Unheard'] })
  await mine('of an unknown state', { stateFilters: ['Unheard'] })
  await mine('of nobody', { producerIdFilters: [producer.producerId + 99n] })
  await mine('of this one', { producerIdFilters: [producer.producerId] })
  await mine('of a part of a state', { stateFilters: ['ongoing', 'Ongo', ''] })
  await mine('of two states', { stateFilters: ['Ongoing', 'Empty', 'Ongoing'] })
  await mine('of nobody and of this one', { producerIdFilters: [-1n, producer.producerId] })
  await mine('of this one in another state', {
    producerIdFilters: [producer.producerId],
    stateFilters: ['CompleteCommit'],
  })
  await mine('long ones', { durationFilter: 3_600_000n }, 1)
  await mine('of any length', { durationFilter: 0n }, 1)
  await mine('of negative length', { durationFilter: -7n }, 1)
  await mine('long ones in a version without that filter', { durationFilter: 3_600_000n }, 0)
  await mine('by a part of the name', { transactionalIdPattern: 'listed' })
  await mine('by a pattern', { transactionalIdPattern: 'listed-.*' })
  await mine('by a pattern in the middle', { transactionalIdPattern: '.*sted-[0-9a-f]+' })
  await mine('by any name', { transactionalIdPattern: '' })
  await mine('by options of the pattern', { transactionalIdPattern: '(?i)LISTED-.*' })
  await mine('by a class', { transactionalIdPattern: '\\Qlisted\\E-.*' })
  await mine('by alternatives', { transactionalIdPattern: 'other|listed-.*' })
  await mine('by a pattern in a version without that filter', { transactionalIdPattern: 'other' }, 1)
  await mine('by a wrong pattern', { transactionalIdPattern: '(' })
  await mine('by another wrong pattern', { transactionalIdPattern: 'a)(b' })
  await mine('by a wrong pattern and an unknown state', { transactionalIdPattern: '(', stateFilters: ['Unheard'] })
  await speaker.record('describe nobody', 'DescribeTransactions', 0, { transactionalIds: ['', 'nobody'] })
  const marker = { producerId: producer.producerId, producerEpoch: producer.producerEpoch, transactionResult: false }
  const abort = (what: string, over: object = {}, name = topic, version = 1) =>
    speaker.record(what, 'WriteTxnMarkers', version, {
      markers: [{ ...marker, coordinatorEpoch: 0, topics: [{ name, partitionIndexes: [0] }], ...over }],
    })
  await abort('markers for an unknown topic', {}, `absent-${session.suffix}`)
  await abort('a marker')
  await speaker.remembered('producers')
  await speaker.read('read')
  await speaker.end('commit', producer, true)
  await speaker.ended()
  await speaker.describe('described')
  await mine('long ones that have ended', { durationFilter: 0n }, 1)
  await mine('ended ones', { stateFilters: ['CompleteCommit', 'CompleteAbort'] })
  await speaker.read('read at the end')
  await abort('a marker of an epoch to come', { producerEpoch: 3 })
  await abort('a marker of an epoch before', { producerEpoch: 1 })
  await speaker.remembered('producers at the end')
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
