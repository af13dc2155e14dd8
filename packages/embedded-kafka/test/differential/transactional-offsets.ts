import type { Scenario } from './session.ts'
import { Speaker } from './transactional-speaker.ts'

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
