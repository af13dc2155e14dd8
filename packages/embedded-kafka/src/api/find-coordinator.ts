import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, int8, int16, int32, nullableString, optional, string } from '../protocol/fields.ts'

const ofGroup = 0

export const findCoordinator: Api = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 2],
  flexibleSince: 3,
  request: { key: string, keyType: from(1, int8) },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: int16,
    errorMessage: optional(from(1, nullableString), null),
    nodeId: int32,
    host: string,
    port: int32,
  },
  subjects: ({ key }) => [{ group: key }],
  handle({ key, keyType }, { cluster }) {
    if (keyType !== ofGroup)
      return { ...nobody(errorCodes.INVALID_REQUEST), errorMessage: 'Transactions are not supported by this broker' }
    if (key === '') return nobody(errorCodes.INVALID_GROUP_ID)
    const nodeId = cluster.groups.coordinatorOf(key)
    const broker = cluster.brokers.find(({ id }) => id === nodeId)
    if (!broker) return nobody(errorCodes.COORDINATOR_NOT_AVAILABLE)
    return { errorCode: errorCodes.NONE, nodeId: broker.id, host: broker.host, port: broker.port }
  },
  fail: (_request, errorCode) => nobody(errorCode),
})

function nobody(errorCode: number) {
  return { errorCode, nodeId: -1, host: '', port: -1 }
}
