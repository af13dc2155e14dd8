/** What differs between any two clusters (ids, addresses, wording, time) is replaced; everything else must be equal. */

import { zeroUuid } from '../../src/protocol/fields.ts'

/** Fields whose values say nothing: texts are for people, throttling and addresses are the cluster's own. */
const ignored = new Set([
  'throttleTimeMs',
  'errorMessage',
  'batchIndexErrorMessage',
  'host',
  'port',
  'clusterId',
  'rack',
  'clientHost',
])
/** Ids that each cluster chooses, replaced by the order in which they appear. */
const chosenIds = new Set([
  'topicId',
  'brokerId',
  'memberId',
  'leader',
  'producerId',
  'nodeId',
  'leaderId',
  'controllerId',
])
const brokerLists = new Set(['replicaNodes', 'isrNodes', 'offlineReplicas'])

/** Lists whose order is an accident of hashing in Kafka. */
const unordered = new Set([
  'configs',
  'topics',
  'partitionIndexes',
  'members',
  'results',
  'resultsByTopicV3AndBelow',
  'activeProducers',
])

export class Pseudonyms {
  readonly #known = new Map<string, Map<unknown, string>>()

  of(kind: string, value: unknown): unknown {
    if (value === '' || value === -1 || value === -1n || value === zeroUuid) return value
    const known = this.#known.get(kind) ?? new Map<unknown, string>()
    const pseudonym = known.get(value) ?? `${kind} #${known.size + 1}`
    this.#known.set(kind, known.set(value, pseudonym))
    return pseudonym
  }
}

export function comparable(value: unknown, pseudonyms: Pseudonyms, field = ''): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (brokerLists.has(field) && Array.isArray(value)) return value.map((id) => pseudonyms.of('broker', id))
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, pseudonyms, field))
    return unordered.has(field) ? items.toSorted(byText) : items
  }
  if (chosenIds.has(field)) return pseudonyms.of(kindOf(field, value), value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !ignored.has(name))
      .map(([name, item]) => [name, comparable(item, pseudonyms, name)]),
  )
}

function kindOf(field: string, value: unknown): string {
  if (field === 'producerId') return 'producer'
  if (field === 'topicId') return 'topic'
  return typeof value === 'string' ? 'member' : 'broker'
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one).localeCompare(JSON.stringify(other))
}
