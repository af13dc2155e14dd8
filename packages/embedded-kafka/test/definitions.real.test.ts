import { describe, expect, it } from 'vitest'
import { apis } from '../src/api/catalogue.ts'
import type { Shape } from '../src/protocol/fields.ts'
import { fieldsInVersion, isWithin, KafkaDefinitions, kafkaVersion } from './support/kafka-definitions.ts'

const kafka = await KafkaDefinitions.load()

/** Our declaration in the same notation. */
function ours(fields: Shape, version: number, prefix = ''): string[] {
  return Object.entries(fields).flatMap(([name, type]) => {
    const isThere = version >= (type.since ?? 0) && version <= (type.until ?? Number.POSITIVE_INFINITY)
    if (type.tag !== undefined || !isThere) return []
    const isArray = type.name.startsWith('[]')
    const line = `${prefix}${name} ${type.name}${type.fallback === null ? '?' : ''}`
    return [line, ...(type.fields ? ours(type.fields, version, `${prefix}${name}${isArray ? '[]' : ''}.`) : [])]
  })
}

/**
 * We are generous in what may be null: a field that Kafka lets be null since some version may be null here in all.
 * The reverse, a null that we could not read, is a fault.
 */
function withKafkasNulls(ourLines: string[], kafkaLines: string[]): string[] {
  return ourLines.map((line) =>
    line.endsWith('?') && kafkaLines.includes(line.slice(0, -1)) ? line.slice(0, -1) : line,
  )
}

describe.each([...apis.values()].map((api) => [api.name, api] as const))(
  `%s is declared as in Kafka ${kafkaVersion}`,
  (_name, api) => {
    const [oldest, newest] = api.versions
    const versions = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index)

    it('under the same key and name, with the same first flexible version', () => {
      expect(kafka.message(api.key, 'request')).toMatchObject({ name: `${api.name}Request` })
      const { flexibleVersions } = kafka.message(api.key, 'request')
      expect(isWithin(flexibleVersions, api.flexibleSince) && !isWithin(flexibleVersions, api.flexibleSince - 1)).toBe(
        true,
      )
    })

    it.each(versions)('in version %d', (version) => {
      for (const [type, declared] of [
        ['request', api.request],
        ['response', api.response],
      ] as const) {
        const message = kafka.message(api.key, type)
        expect(isWithin(message.validVersions, version), `Kafka has version ${version}`).toBe(true)
        const theirs = fieldsInVersion(message, version)
        expect(withKafkasNulls(ours(declared.fields ?? {}, version), theirs)).toEqual(theirs)
      }
    })
  },
)
