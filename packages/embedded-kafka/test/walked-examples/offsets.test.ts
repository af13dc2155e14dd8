import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../../src/index.ts'
import { readHeader } from '../../src/log/batch-header.ts'
import { connectRaw } from '../support/raw-client.ts'
import { type BatchOptions, recordBatch } from '../support/record-batch.ts'
import { documentedTable } from './documented-table.ts'
import { errorName } from './error-name.ts'

const topic = 'orders'

it('is as docs/embedded-kafka.md walks it', async () => {
  await using kafka = await startEmbeddedKafka({ warn: () => {} })
  kafka.createTopic(topic, { partitions: 1 })
  using client = await connectRaw(kafka.bootstrapServers[0])
  const rows: string[][] = []
  const note = (answer: string): void => {
    rows.push([answer, `${kafka.offsets(topic, 0).endOffset}`])
  }
  const produce = async (records: number, batch: BatchOptions, by = client): Promise<string> => {
    const values = Array.from({ length: records }, () => ({ value: 'x' }))
    const { responses } = await by.ask<{
      responses: [{ partitionResponses: [{ errorCode: number; baseOffset: bigint }] }]
    }>('Produce', 7, {
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: [recordBatch(values, batch)] }] }],
    })
    const [{ errorCode, baseOffset }] = responses[0].partitionResponses
    return errorCode === 0 ? `base offset ${baseOffset}` : errorName(errorCode)
  }
  const fetch = async (fetchOffset: bigint): Promise<string> => {
    const { responses } = await client.ask<{
      responses: [{ partitions: [{ errorCode: number; records: Buffer[] | null }] }]
    }>('Fetch', 11, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
    })
    const [{ errorCode, records }] = responses[0].partitions
    if (errorCode !== 0) return errorName(errorCode)
    const found: bigint[] = []
    for (let rest = Buffer.concat(records ?? []); rest.length > 0; ) {
      const { baseOffset, sizeBytes } = readHeader(rest)
      found.push(baseOffset)
      rest = rest.subarray(sizeBytes)
    }
    return `batches at ${found.join(', ')}`
  }
  const p = (baseSequence: number): BatchOptions => ({ producerId: 1000n, producerEpoch: 0, baseSequence })

  note(await produce(3, p(0)))
  note(await produce(1, {}))
  kafka.faults.on('Produce').dropConnection('after')
  using unlucky = await connectRaw(kafka.bootstrapServers[0])
  note(await produce(2, p(3), unlucky).catch(() => 'lost with the connection'))
  note(await produce(2, p(3)))
  note(await produce(1, p(6)))
  note(await produce(1, { crc: 1 }))
  const { topics } = await client.ask<{ topics: [{ partitions: [{ lowWatermark: bigint }] }] }>('DeleteRecords', 1, {
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 5n }] }],
    timeoutMs: 1_000,
  })
  note(`low watermark ${topics[0].partitions[0].lowWatermark}`)
  note(await produce(1, {}))
  note(await fetch(4n))
  note(await fetch(5n))

  const documented = documentedTable('what comes', 'answer', 'end of the log')
  expect(rows).toEqual(documented.map(([, ...cells]) => cells))
})
