import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../../src/index.ts'
import { connectRaw, type RawClient } from '../support/raw-client.ts'
import { recordBatch } from '../support/record-batch.ts'
import { fetchFrom } from '../support/requests.ts'
import { documentedTable } from './documented-table.ts'

const topic = 'orders'

it('is as docs/embedded-kafka.md walks it', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic(topic)
  const connect = (): Promise<RawClient> => connectRaw(kafka.bootstrapServers[0])
  const produce = async (client: RawClient, baseSequence: number): Promise<string> => {
    const batch = recordBatch([{ value: 'x' }], { producerId: 1000n, producerEpoch: 0, baseSequence })
    const topicData = [{ name: topic, partitionData: [{ index: 0, records: [batch] }] }]
    try {
      const { responses } = await client.ask<{ responses: [{ partitionResponses: [{ baseOffset: bigint }] }] }>(
        'Produce',
        7,
        { acks: -1, timeoutMs: 1_000, topicData },
      )
      return `base offset ${responses[0].partitionResponses[0].baseOffset}`
    } catch {
      return 'the connection ends'
    }
  }
  const rows: string[][] = []
  const note = (answer: string): void => {
    rows.push([answer, `${kafka.offsets(topic, 0).endOffset}`])
  }
  kafka.faults.on('Produce').dropConnection('after')
  using first = await connect()
  note(await produce(first, 0))
  using reader = await connect()
  const [found] = await fetchFrom(reader, { topic })
  note(`a batch at ${found?.records?.[0]?.readBigInt64BE(0)}`)
  using again = await connect()
  note(await produce(again, 0))
  note(await produce(again, 1))
  kafka.faults.assertAllHappened()
  const documented = documentedTable('with one answer lost', 'answer', 'end of the log')
  expect(rows).toEqual(documented.map(([_what, ...answer]) => answer))
})
