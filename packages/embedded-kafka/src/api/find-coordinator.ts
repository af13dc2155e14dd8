import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional } from '../protocol/field-type.ts'
import { int8, int16, int32, nullableString, string } from '../protocol/fields.ts'

const ofGroup = 0
const ofTransaction = 1

/** Since version 4 a request asks for several keys, and each gets an answer of its own. */
const batchedSince = 4
const single = batchedSince - 1

const coordinator = {
  key: string,
  nodeId: int32,
  host: string,
  port: int32,
  errorCode: int16,
  errorMessage: optional(nullableString, null),
}
type Coordinator = Input<typeof coordinator>

export const findCoordinator: Api = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleSince: 3,
  request: {
    key: between(0, single, string),
    keyType: from(1, int8),
    coordinatorKeys: from(batchedSince, array(string)),
  },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: between(0, single, int16),
    errorMessage: optional(between(1, single, nullableString), null),
    nodeId: optional(between(0, single, int32), -1),
    host: between(0, single, string),
    port: between(0, single, int32),
    coordinators: from(batchedSince, array(coordinator)),
  },
  subjects: ({ key, keyType, coordinatorKeys }) =>
    [key, ...coordinatorKeys].map((name) => (keyType === ofTransaction ? { transactionalId: name } : { group: name })),
  handle: ({ key, keyType, coordinatorKeys }, context) =>
    answer((asked) => find(asked, keyType, context), context.version < batchedSince ? [key] : coordinatorKeys),
  fail: ({ key, coordinatorKeys }, errorCode, version) =>
    answer((asked) => nobody(asked, errorCode), version < batchedSince ? [key] : coordinatorKeys),
})

/** Old versions read the first answer from the response itself, new ones all of them from the list. */
function answer(answerFor: (key: string) => Coordinator, keys: readonly string[]) {
  const coordinators = keys.map(answerFor)
  return { ...(coordinators[0] ?? nobody('', errorCodes.NONE)), coordinators }
}

function find(key: string, keyType: number, { cluster }: RequestContext): Coordinator {
  if (keyType !== ofGroup && keyType !== ofTransaction)
    return {
      ...nobody(key, errorCodes.INVALID_REQUEST),
      errorMessage: 'This broker coordinates groups and transactions only',
    }
  const nodeId = (keyType === ofGroup ? cluster.groups : cluster.transactions).coordinatorOf(key)
  const broker = cluster.brokers.find(({ id }) => id === nodeId)
  if (!broker) return nobody(key, errorCodes.COORDINATOR_NOT_AVAILABLE)
  return { key, errorCode: errorCodes.NONE, nodeId: broker.id, host: broker.host, port: broker.port }
}

function nobody(key: string, errorCode: number): Coordinator {
  return { key, errorCode, nodeId: -1, host: '', port: -1 }
}
