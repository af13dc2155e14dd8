import { errorCodes } from '../../src/protocol/error-codes.ts'
import { type Scenario, until } from './session.ts'
import { Speaker } from './transactional-speaker.ts'

/** What administrators see of transactions, and do to them. */
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
