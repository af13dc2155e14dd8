import type { Partition } from '../cluster/partition.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { boolean, int16, int32, int64, nullable, string } from '../protocol/fields.ts'

/** The brokers share one log of each partition, so every one of them describes the same directory. */
const logDir = '/embedded-kafka'

export const describeLogDirs: Api = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 5],
  flexibleSince: 2,
  request: { topics: nullable(array({ topic: string, partitions: array(int32) })) },
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: from(3, int16),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: optional(int64, 0n),
          isFutureKey: optional(boolean, false),
        }),
      }),
      totalBytes: optional(from(4, int64), -1n),
      usableBytes: optional(from(4, int64), -1n),
      isCordoned: optional(from(5, boolean), false),
    }),
  },
  handle({ topics: wanted }, { cluster, brokerId }) {
    const named =
      wanted && new Set(wanted.flatMap(({ topic, partitions }) => partitions.map((index) => `${topic} ${index}`)))
    const isWanted = ({ topic, index, replicas }: Partition): boolean =>
      replicas.includes(brokerId) && (named?.has(`${topic.name} ${index}`) ?? true)
    const topics = [...cluster.topics].map(({ name, partitions }) => ({
      name,
      partitions: partitions
        .filter(isWanted)
        .map(({ index, log }) => ({ partitionIndex: index, partitionSize: BigInt(log.sizeBytes) })),
    }))
    const result = { errorCode: errorCodes.NONE, logDir, topics: topics.filter((each) => each.partitions.length > 0) }
    return { errorCode: errorCodes.NONE, results: [result] }
  },
  fail: (_request, errorCode) => ({ errorCode, results: [] }),
})
