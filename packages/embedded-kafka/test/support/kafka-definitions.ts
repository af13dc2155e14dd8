/** Kafka's own machine-readable definition of every message, from the jar of its client library on Maven Central. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export const kafkaVersion = '4.3.1'

interface KafkaField {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean
  readonly fields?: readonly KafkaField[]
}

interface KafkaMessage {
  readonly apiKey?: number
  readonly type: 'request' | 'response' | 'data' | 'header' | 'metadata'
  readonly name: string
  readonly validVersions: string
  readonly flexibleVersions: string
  /** Of requests: who takes them. */
  readonly listeners?: readonly ('broker' | 'controller')[]
  /** Whether the newest version may still change, and is not advertised. */
  readonly latestVersionUnstable?: boolean
  readonly fields: readonly KafkaField[]
  readonly commonStructs?: readonly KafkaField[]
}

export class KafkaDefinitions {
  readonly #messages: readonly KafkaMessage[]

  constructor(messages: readonly KafkaMessage[]) {
    this.#messages = messages
  }

  /** @throws when Maven is missing or cannot fetch the jar. */
  static async load(): Promise<KafkaDefinitions> {
    const dir = await mkdtemp(path.join(tmpdir(), 'kafka-definitions-'))
    try {
      const goal = [
        '-q',
        '-B',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
        `-Dartifact=org.apache.kafka:kafka-clients:${kafkaVersion}`,
        `-DoutputDirectory=${dir}`,
        '-Dmdep.unpack.includes=common/message/*.json',
      ]
      // Without a project the plugin leaves marker files where it runs: there, they go with the rest.
      await promisify(execFile)('mvn', goal, { cwd: dir })
      const folder = path.join(dir, 'common/message')
      const texts = await Promise.all((await readdir(folder)).map((file) => readFile(path.join(folder, file), 'utf8')))
      return new KafkaDefinitions(texts.map((text) => JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as KafkaMessage))
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  /** The APIs that a broker serves, by name. */
  get servedByBrokers(): string[] {
    return this.#messages
      .filter(({ type, listeners }) => type === 'request' && listeners?.includes('broker'))
      .map(({ name }) => name.replace(/Request$/, ''))
  }

  message(apiKey: number, type: 'request' | 'response'): KafkaMessage {
    const found = this.#messages.find((message) => message.apiKey === apiKey && message.type === type)
    if (!found) throw new Error(`Kafka ${kafkaVersion} defines no ${type} for API key ${apiKey}`)
    return found
  }
}

/**
 * The fields that one version has on the wire, in order, one line each: `topics[].name string?` (`?` means nullable),
 * `clusterId string? tag 0 or null` (in the tagged section, where null means that it was left out).
 */
export function fieldsInVersion(message: KafkaMessage, version: number): string[] {
  const lines: string[] = []
  const walk = (fields: readonly KafkaField[], prefix: string): void => {
    for (const field of fields) {
      if (!isWithin(field.versions, version)) continue
      const name = prefix + field.name.charAt(0).toLowerCase() + field.name.slice(1)
      const isArray = field.type.startsWith('[]')
      const element = isArray ? field.type.slice(2) : field.type
      const inner = field.fields ?? message.commonStructs?.find((struct) => struct.name === element)?.fields
      const type = inner ? 'struct' : element
      const nulls = isWithin(field.nullableVersions ?? '', version) ? '?' : ''
      const tag = field.tag === undefined ? '' : ` tag ${field.tag}`
      const fallback = tag && !isArray && !inner ? ` or ${field.default ?? impliedDefaults[type] ?? ''}` : ''
      lines.push(`${name} ${isArray ? '[]' : ''}${type}${nulls}${tag}${fallback}`)
      if (inner) walk(inner, `${name}${isArray ? '[]' : ''}.`)
    }
  }
  walk(message.fields, '')
  return lines
}

const impliedDefaults: Readonly<Record<string, string>> = {
  bool: 'false',
  int16: '0',
  int32: '0',
  int64: '0',
  uuid: 'A'.repeat(22),
}

/** Whether a range such as `3+`, `0-12`, `5` or `none` holds the version. */
export function isWithin(range: string, version: number): boolean {
  const found = /^(\d+)(\+|-(\d+))?$/.exec(range)
  if (!found) return false
  const [, first, rest, last] = found
  const newest = rest === undefined ? Number(first) : last === undefined ? Number.POSITIVE_INFINITY : Number(last)
  return version >= Number(first) && version <= newest
}
