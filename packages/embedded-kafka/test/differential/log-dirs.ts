/** What lies in the log directories. Their names, and the room on their disks, are the cluster's own. */
import { recordBatch } from '../support/record-batch.ts'
import type { Scenario } from './session.ts'

interface LogDirs {
  readonly results: readonly {
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly { readonly partitionIndex: number }[]
    }[]
    readonly errorCode: number
    readonly isCordoned: boolean
  }[]
}

export const logDirs: Scenario = async (session) => {
  const topic = await session.createTopic('stored', 2)
  const client = await session.connect()
  await client.ask('Produce', 7, {
    acks: -1,
    timeoutMs: 5_000,
    topicData: [
      {
        name: topic,
        partitionData: [{ index: 0, records: [recordBatch([{ value: 'x' }], { baseTimestamp: Date.now() })] }],
      },
    ],
  })
  const describe = async (what: string, version: number, topics: object[] | null) => {
    const { results, ...rest } = await client.ask<LogDirs>('DescribeLogDirs', version, { topics })
    const dirs = results.map(({ errorCode, isCordoned, topics: found }) => ({
      errorCode,
      isCordoned,
      topics: found
        .filter(({ name }) => name === topic)
        .map(({ partitions, ...rest }) => ({
          ...rest,
          partitions: partitions.toSorted((one, other) => one.partitionIndex - other.partitionIndex),
        })),
    }))
    await session.record(`${what} ${version}`, Promise.resolve({ ...rest, dirs }))
  }
  for (const version of [1, 2, 3, 4, 5]) {
    await describe('all', version, null)
    await describe('one partition', version, [{ topic, partitions: [0] }])
    await describe('no partition', version, [{ topic, partitions: [] }])
    await describe('a partition that is not there', version, [{ topic, partitions: [1, 7] }])
    await describe('a topic that is not there', version, [{ topic: `absent-${session.suffix}`, partitions: [0] }])
    await describe('nothing', version, [])
  }
}
