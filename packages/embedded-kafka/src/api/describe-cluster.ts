import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, type Input, optional } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullableString, string } from '../protocol/fields.ts'
import { authorizedOperations, notAsked } from './authorized-operations.ts'

const endpoints = { brokers: 1, controllers: 2 } as const

const response = {
  throttleTimeMs: optional(int32, 0),
  errorCode: int16,
  errorMessage: optional(nullableString, null),
  endpointType: optional(from(1, int8), endpoints.brokers),
  clusterId: string,
  controllerId: optional(int32, -1),
  brokers: array({
    brokerId: int32,
    host: string,
    port: int32,
    rack: optional(nullableString, null),
    isFenced: optional(from(2, boolean), false),
  }),
  clusterAuthorizedOperations: optional(int32, notAsked),
}

export const describeCluster: Api = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexibleSince: 0,
  request: {
    includeClusterAuthorizedOperations: boolean,
    endpointType: optional(from(1, int8), endpoints.brokers),
    includeFencedBrokers: from(2, boolean),
  },
  response,
  handle({ includeClusterAuthorizedOperations, endpointType }, { cluster }) {
    if (endpointType === endpoints.controllers)
      return refused(
        'MISMATCHED_ENDPOINT_TYPE',
        'The request was sent to an endpoint of type BROKER, but we wanted CONTROLLER',
      )
    if (endpointType !== endpoints.brokers)
      return refused('UNSUPPORTED_ENDPOINT_TYPE', `Unsupported endpoint type ${endpointType}`)
    return {
      errorCode: errorCodes.NONE,
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      brokers: cluster.liveBrokers.map(({ id, host, port }) => ({ brokerId: id, host, port })),
      clusterAuthorizedOperations: authorizedOperations('cluster', includeClusterAuthorizedOperations),
    }
  },
  fail: (_request, errorCode) => ({ errorCode, clusterId: '', brokers: [] }),
})

function refused(error: ErrorName, errorMessage: string): Input<typeof response> {
  return { errorCode: errorCodes[error], errorMessage, clusterId: '', brokers: [] }
}
