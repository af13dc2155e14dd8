import { type Api, defineApi, never } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { int16, string } from '../protocol/fields.ts'

export const saslHandshake: Api = defineApi({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexibleSince: never,
  request: { mechanism: string },
  response: { errorCode: int16, mechanisms: array(string) },
  handle({ mechanism }, { session, version }) {
    const { error, mechanisms } = session.handshake(mechanism, version)
    return { errorCode: errorCodes[error], mechanisms: [...mechanisms] }
  },
  fail: (_request, errorCode) => ({ errorCode, mechanisms: [] }),
})
