import { type Api, defineApi, type WriteAnswer } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional, tagged } from '../protocol/field-type.ts'
import { boolean, int16, int32, int64, string } from '../protocol/fields.ts'

export const apiVersionsKey = 18

const own = { key: apiVersionsKey, versions: [0, 4], advertisedSince: 0 } as const

/** What the cluster as a whole has agreed on. In version 2 of transactions each has an epoch of its own (KIP-890). */
const features = [{ name: 'transaction.version', level: 2 }] as const

const softwareIdsSince = 3
const softwareId = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** Tells clients truthfully what is spoken here: the ApiVersions API for that list of other APIs. */
export function createApiVersions(others: readonly Api[]): Api {
  const spoken = [...others, own]
    .toSorted((one, other) => one.key - other.key)
    .map(({ key, versions, advertisedSince }) => ({
      apiKey: key,
      minVersion: advertisedSince,
      maxVersion: versions[1],
    }))

  return defineApi({
    key: own.key,
    name: 'ApiVersions',
    versions: own.versions,
    flexibleSince: 3,
    request: {
      clientSoftwareName: from(softwareIdsSince, string),
      clientSoftwareVersion: from(softwareIdsSince, string),
    },
    response: {
      errorCode: int16,
      apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
      throttleTimeMs: optional(from(1, int32), 0),
      supportedFeatures: tagged(0, 3, array({ name: string, minVersion: int16, maxVersion: int16 })),
      finalizedFeaturesEpoch: tagged(1, 3, int64, -1n),
      finalizedFeatures: tagged(2, 3, array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
      zkMigrationReady: tagged(3, 3, boolean),
    },
    handle({ clientSoftwareName, clientSoftwareVersion }, { version }) {
      const isNamed = softwareId.test(clientSoftwareName) && softwareId.test(clientSoftwareVersion)
      if (version >= softwareIdsSince && !isNamed) return { errorCode: errorCodes.INVALID_REQUEST, apiKeys: [] }
      return {
        errorCode: errorCodes.NONE,
        apiKeys: spoken,
        supportedFeatures: features.map(({ name, level }) => ({ name, minVersion: 0, maxVersion: level })),
        finalizedFeaturesEpoch: 0n,
        finalizedFeatures: features.map(({ name, level }) => ({
          name,
          minVersionLevel: level,
          maxVersionLevel: level,
        })),
      }
    },
    fail: (_request, errorCode) => ({ errorCode, apiKeys: [] }),
  })
}

/** A client that asks in a version from the future is answered in the oldest, and asks again (KIP-511). */
export const writeUnsupportedVersion: WriteAnswer = (writer) => {
  writer.int16(errorCodes.UNSUPPORTED_VERSION)
  writer.int32(1)
  writer.int16(apiVersionsKey)
  for (const version of own.versions) writer.int16(version)
}
