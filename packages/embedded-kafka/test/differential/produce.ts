import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { RawClient } from '../support/raw-client.ts'
import { type BatchOptions, recordBatch } from '../support/record-batch.ts'
import { type Scenario, type Session, until } from './session.ts'

const records = [{ key: 'a', value: 'one', headers: [['h', null] as const, ['h', 'x'] as const] }, { value: null }]

/** Times are near now: Kafka refuses what is an hour ahead, and retention would remove what is old. */
const baseTimestamp = Date.now() - 60_000

function batch(options: BatchOptions = {}): Buffer {
  return recordBatch(records, { baseTimestamp, ...options })
}

function produce(
  client: RawClient,
  topic: string,
  sent: Buffer | null,
  over: { version?: number; acks?: number; index?: number } = {},
) {
  const { version = 8, acks = -1, index = 0 } = over
  return client.ask('Produce', version, {
    transactionalId: null,
    acks,
    timeoutMs: 5_000,
    topicData: [{ name: topic, partitionData: [{ index, records: sent === null ? null : [sent] }] }],
  })
}

async function fetchAll(session: Session, client: RawClient, topic: string): Promise<void> {
  const partitions = [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }]
  await session.record(
    'the bytes on the log',
    client.ask('Fetch', 11, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000_000,
      sessionEpoch: -1,
      topics: [{ topic, partitions }],
    }),
  )
}

/** One record without time and offset of its own, behind its attributes, in hex. */
const oddRecords: readonly (readonly [string, string])[] = [
  ['a key of length -3', '05 01 00'],
  ['a value of length -3', '01 05 00'],
  ['a length of five bytes that needs one', '81 80 80 80 00 01 00'],
  ['a length of six bytes that needs one', '81 80 80 80 80 00 01 00'],
  ['a key of 2^31 - 1 bytes', 'fe ff ff ff 0f 01 00'],
  ['2^31 - 1 headers', '01 01 fe ff ff ff 0f'],
  ['-1 headers', '01 01 01'],
  ['a header without a name', '01 01 02 01 01'],
]

function holding(hex: string): Buffer {
  const fields = Buffer.from(`000000${hex.replaceAll(' ', '')}`, 'hex')
  return recordBatch([{}], { baseTimestamp, compress: () => Buffer.concat([Buffer.of(fields.length * 2), fields]) })
}

export const produceBatches: Scenario = async (session) => {
  const client = await session.connect()
  const topic = await session.createTopic('produced', 1, { 'max.message.bytes': '4000' })
  const attempt = (what: string, sent: Buffer | null, over = {}) =>
    session.record(`produce: ${what}`, produce(client, topic, sent, over))

  for (const version of [3, 5, 7, 8]) await attempt(`version ${version}`, batch(), { version })
  await attempt('acks 1', batch(), { acks: 1 })
  await attempt('acks 2', batch(), { acks: 2 })
  await attempt('an unknown partition', batch(), { index: 7 })
  await attempt('an unknown topic', batch(), {})
  await session.record('produce: an unknown topic', produce(client, `absent-${session.suffix}`, batch()))
  await attempt('a wrong checksum', batch({ crc: 1 }))
  await attempt('a count that is too high', batch({ recordCount: 3, lastOffsetDelta: 2 }))
  await attempt('a count that is too low', batch({ recordCount: 1, lastOffsetDelta: 0 }))
  await attempt('count and offsets that disagree', batch({ recordCount: 5 }))
  await attempt('a count of 2^31 - 1', batch({ recordCount: 2 ** 31 - 1, lastOffsetDelta: 2 ** 31 - 2 }))
  await attempt('a negative count', batch({ recordCount: -1 }))
  await attempt('no records', recordBatch([], { baseTimestamp }))
  await attempt('no bytes', Buffer.alloc(0))
  await attempt('eleven bytes', Buffer.alloc(11))
  await attempt('format 1', batch({ magic: 1 }))
  await attempt('format 3', batch({ magic: 3 }))
  await attempt('an offset of its own', batch({ baseOffset: 5n }))
  await attempt('a control batch', batch({ attributes: 0x20 }))
  await attempt('a codec that does not exist', batch({ attributes: 6 }))
  await attempt('gzip that is none', batch({ attributes: 1 }))
  await attempt('a batch cut short', batch().subarray(0, -3))
  await attempt('a length that is too long', batch({ batchLength: 10_000 }))
  await attempt('a length shorter than the header', batch({ batchLength: 10 }))
  await attempt('a negative length', batch({ batchLength: -1 }))
  await attempt('a few bytes too many', Buffer.concat([batch(), Buffer.alloc(5)]))
  await attempt('two batches', Buffer.concat([batch(), batch()]))
  await attempt('a batch and half of another', Buffer.concat([batch(), batch().subarray(0, 40)]))
  await attempt('more than the topic allows', recordBatch([{ value: 'x'.repeat(4_000) }], { baseTimestamp }))
  await attempt('gzip', batch({ attributes: 1, compress: gzipSync }))
  await attempt('zstd', batch({ attributes: 4, compress: zstdCompressSync }))
  await attempt('zstd from before zstd', batch({ attributes: 4, compress: zstdCompressSync }), { version: 6 })
  await attempt('a time two hours ahead', recordBatch(records, { baseTimestamp: Date.now() + 7_200_000 }))
  await attempt(
    'a latest time that is not in the header',
    recordBatch([{ timestamp: baseTimestamp + 9 }, { timestamp: baseTimestamp + 2 }], { baseTimestamp }),
  )
  for (const [what, hex] of oddRecords) await attempt(what, holding(hex))
  await session.recordClosed('produce: an error without acknowledgement', (other) => {
    produce(other, topic, batch({ crc: 1 }), { acks: 0 }).catch(() => {})
  })
  await fetchAll(session, client, topic)
}

export const idempotence: Scenario = async (session) => {
  const client = await session.connect()
  const topic = await session.createTopic('idempotent')
  const askForId = () =>
    client.ask<{ errorCode: number; producerId: bigint }>('InitProducerId', 1, {
      transactionalId: null,
      transactionTimeoutMs: 1_000,
    })
  // A real broker that has just started has no ids to give yet.
  await until(async () => (await askForId()).errorCode === 0)
  const { producerId } = await session.record('a producer id', askForId())
  const attempt = (what: string, baseSequence: number, count = 1, producerEpoch = 0) => {
    const sent = recordBatch(
      Array.from({ length: count }, (_, index) => ({ value: `${baseSequence + index}` })),
      { producerId, producerEpoch, baseSequence, baseTimestamp },
    )
    return session.record(
      `${what}: ${baseSequence}, ${count} records, epoch ${producerEpoch}`,
      produce(client, topic, sent),
    )
  }
  for (const sequence of [0, 2, 4]) await attempt('in order', sequence, 2)
  await attempt('repeated', 0, 2)
  await attempt('repeated', 4, 2)
  await attempt('part of an older batch', 4, 1)
  await attempt('a gap', 8)
  await attempt('in order', 6)
  for (const sequence of [7, 8, 9, 10, 11]) await attempt('in order', sequence)
  await attempt('older than five batches', 0, 2)
  await attempt('the fifth last', 7)
  await attempt('a new epoch that does not begin at 0', 12, 1, 1)
  await attempt('a new epoch', 0, 1, 1)
  await attempt('the old epoch', 12)
  await attempt('no sequence', -1, 1, 1)
  await attempt('an epoch below zero', 0, 1, -7)
  const stranger = recordBatch([{ value: 'x' }], {
    producerId: 999_999n,
    producerEpoch: 0,
    baseSequence: 41,
    baseTimestamp,
  })
  await session.record('a producer that nobody knows', produce(client, topic, stranger))
  const fromNowhere = recordBatch([{ value: 'x' }], {
    producerId: 999_998n,
    producerEpoch: -7,
    baseSequence: 0,
    baseTimestamp,
  })
  await session.record('a producer that nobody knows, its epoch below zero', produce(client, topic, fromNowhere))
  const last = recordBatch([{ value: 'x' }, { value: 'y' }], {
    producerId: 999_997n,
    producerEpoch: 0,
    baseSequence: 2 ** 31 - 1,
    baseTimestamp,
  })
  await session.record('sequences that wrap around within a batch', produce(client, topic, last))
}

export const appendTime: Scenario = async (session) => {
  const client = await session.connect()
  const topic = await session.createTopic('stamped', 1, { 'message.timestamp.type': 'LogAppendTime' })
  const answer = await produce(client, topic, batch())
  const [response] = (answer as { responses: { partitionResponses: { logAppendTimeMs: bigint }[] }[] }).responses
  const stamped = response?.partitionResponses[0]?.logAppendTimeMs ?? -1n
  await session.record('the answer tells the time', Promise.resolve(Math.abs(Number(stamped) - Date.now()) < 60_000))
}
