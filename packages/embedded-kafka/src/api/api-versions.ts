import { type Api, defineApi, type WriteAnswer } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { array, from, int16, int32, optional, string } from '../protocol/fields.ts'

export const apiVersionsKey = 18

/** Tells clients truthfully what is spoken here: the ApiVersions API for that list of other APIs. */
export function createApiVersions(others: readonly Api[]): Api {
  const own: Pick<Api, 'key' | 'versions'> = { key: apiVersionsKey, versions: [0, 3] }
  const spoken = [...others, own]
    .toSorted((one, other) => one.key - other.key)
    .map(({ key, versions: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion }))

  return defineApi({
    key: own.key,
    name: 'ApiVersions',
    versions: own.versions,
    flexibleSince: 3,
    request: {
      clientSoftwareName: from(3, string),
      clientSoftwareVersion: from(3, string),
    },
    response: {
      errorCode: int16,
      apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
      throttleTimeMs: optional(from(1, int32), 0),
    },
    handle: () => ({ errorCode: errorCodes.NONE, apiKeys: spoken }),
    fail: (_request, errorCode) => ({ errorCode, apiKeys: [] }),
  })
}

/** A client that asks in a version from the future is answered in the oldest, and asks again (KIP-511). */
export const writeUnsupportedVersion: WriteAnswer = (writer) => {
  writer.int16(errorCodes.UNSUPPORTED_VERSION)
  writer.int32(1)
  writer.int16(apiVersionsKey)
  writer.int16(0)
  writer.int16(3)
}
