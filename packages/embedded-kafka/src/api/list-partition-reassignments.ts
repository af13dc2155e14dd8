import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, nullable, nullableString, string } from '../protocol/fields.ts'

/** Replicas never move from broker to broker here, so no move is ever under way. */
export const listPartitionReassignments: Api = defineApi({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexibleSince: 0,
  request: { timeoutMs: int32, topics: nullable(array({ name: string, partitionIndexes: array(int32) })) },
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
  handle: () => ({ errorCode: errorCodes.NONE, topics: [] }),
  fail: (_request, errorCode) => ({ errorCode, topics: [] }),
})
