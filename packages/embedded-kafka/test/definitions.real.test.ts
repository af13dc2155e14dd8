import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { apis } from '../src/api/catalogue.ts'
import { isInVersion, type Shape } from '../src/protocol/field-type.ts'
import { fieldsInVersion, isWithin, KafkaDefinitions, kafkaVersion } from './support/kafka-definitions.ts'

const kafka = await KafkaDefinitions.load()

/** Our declaration in the notation of {@link fieldsInVersion}. */
function ours(fields: Shape, version: number, prefix = ''): string[] {
  return Object.entries(fields).flatMap(([name, type]) => {
    if (!isInVersion(type, version)) return []
    const isArray = type.name.startsWith('[]')
    const nulls = version >= (type.nullableSince ?? Number.POSITIVE_INFINITY) ? '?' : ''
    const tag = type.tag === undefined ? '' : ` tag ${type.tag}`
    const isScalar = !(isArray || type.fields)
    const fallback = tag && isScalar ? ` or ${String(type.fallback)}` : ''
    const line = `${prefix}${name} ${type.name}${nulls}${tag}${fallback}`
    return [line, ...(type.fields ? ours(type.fields, version, `${prefix}${name}${isArray ? '[]' : ''}.`) : [])]
  })
}

describe.each([...apis.values()].map((api) => [api.name, api] as const))(
  `%s is declared as in Kafka ${kafkaVersion}`,
  (_name, api) => {
    const [oldest, newest] = api.versions
    const versions = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index)
    const request = kafka.message(api.key, 'request')

    it('under the same key and name', () => {
      expect(request).toMatchObject({ name: `${api.name}Request` })
    })

    it('from the same oldest version to the newest that is stable', () => {
      expect(isWithin(request.validVersions, oldest - 1)).toBe(false)
      expect(isWithin(request.validVersions, newest + (request.latestVersionUnstable ? 2 : 1))).toBe(false)
    })

    it.each(versions)('in version %d', (version) => {
      expect(isWithin(request.flexibleVersions, version), 'flexible').toBe(version >= api.flexibleSince)
      for (const [type, declared] of [
        ['request', api.request],
        ['response', api.response],
      ] as const) {
        const message = kafka.message(api.key, type)
        expect(isWithin(message.validVersions, version), `Kafka has version ${version}`).toBe(true)
        expect(ours(declared.fields ?? {}, version)).toEqual(fieldsInVersion(message, version))
      }
    })
  },
)

it('skipped-features.md names every API that is not spoken', async () => {
  const page = await readFile(new URL('../skipped-features.md', import.meta.url), 'utf8')
  const [, table = ''] = /^## APIs left out\n(.*?)^## /ms.exec(page) ?? []
  const leftOut = [...table.matchAll(/^\| (\w+(?:, \w+)*) \| /gm)]
    .flatMap(([, names = '']) => names.split(', '))
    .slice(1)
  const spoken = [...apis.values()].map(({ name }) => name)
  expect([...spoken, ...leftOut].toSorted()).toEqual(kafka.servedByBrokers.toSorted())
})
