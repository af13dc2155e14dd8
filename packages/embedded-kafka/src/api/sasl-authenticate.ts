import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { bytes, int16, int64, nullableString } from '../protocol/fields.ts'

export const saslAuthenticate: Api = defineApi({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleSince: 2,
  request: { authBytes: bytes },
  response: {
    errorCode: int16,
    errorMessage: nullableString,
    authBytes: bytes,
    sessionLifetimeMs: optional(from(1, int64), 0n),
  },
  async handle({ authBytes }, { session }) {
    const { error, errorMessage, message, lifetimeMs } = await session.authenticate(authBytes)
    return { errorCode: errorCodes[error], errorMessage, authBytes: message, sessionLifetimeMs: BigInt(lifetimeMs) }
  },
  fail: (_request, errorCode) => ({ errorCode, errorMessage: null, authBytes: Buffer.alloc(0) }),
})
