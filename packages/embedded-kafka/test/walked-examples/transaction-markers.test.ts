import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../../src/index.ts'
import { connectRaw } from '../support/raw-client.ts'
import { recordBatch } from '../support/record-batch.ts'
import { TransactionalProducer } from '../support/transactional-producer.ts'
import { documentedTable } from './documented-table.ts'

const topic = 'orders'

it('is as docs/embedded-kafka.md walks it', async () => {
  await using kafka = await startEmbeddedKafka({ warn: () => {} })
  kafka.createTopic(topic, { partitions: 1 })
  using reader = await connectRaw(kafka.bootstrapServers[0])
  using a = await TransactionalProducer.begin(kafka, { transactionalId: 'a' })
  using b = await TransactionalProducer.begin(kafka, { transactionalId: 'b' })
  const fetch = async () => {
    const { responses } = await reader.ask<{
      responses: [{ partitions: [{ lastStableOffset: bigint; abortedTransactions: object[] | null }] }]
    }>('Fetch', 11, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 1,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }] }],
    })
    return responses[0].partitions[0]
  }
  const rows: string[][] = []
  const write = async (act: () => Promise<unknown>): Promise<void> => {
    const offset = kafka.offsets(topic, 0).endOffset
    await act()
    const values = kafka.log(topic, 0, 'read_committed').map(({ value }) => String(value))
    rows.push([`${offset}`, `${(await fetch()).lastStableOffset}`, values.join(' ')])
  }

  await write(() => a.write('a1'))
  await write(() => b.write('b1'))
  await write(() => b.end(false))
  await write(() =>
    reader.ask('Produce', 7, {
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: [recordBatch([{ value: 'x' }])] }] }],
    }),
  )
  await write(() => a.write('a2'))
  await write(() => a.end(true))

  const kept = (cell: string): string => /It keeps (.*)$/.exec(cell)?.[1]?.replaceAll(',', '') ?? ''
  const documented = documentedTable('offset', 'what is written', 'last stable offset')
  expect(rows).toEqual(documented.map(([offset = '', , stable = '', gets = '']) => [offset, stable, kept(gets)]))
  expect((await fetch()).abortedTransactions).toEqual([{ producerId: expect.any(BigInt), firstOffset: 1n }])
})
