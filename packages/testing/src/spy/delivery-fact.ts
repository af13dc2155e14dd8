import {
  type EventEnvelope,
  headerNames,
  provenanceHeaderNames,
  type RawRecord,
  splitProvenance,
} from '@tributary/event-bus'

/**
 * - `handled`: a handler returned.
 * - `skipped`: a handler returned `skip(reason)`.
 * - `failed`: a handler threw; there may be another attempt.
 * - `dead-lettered`: the record is in the group's dead-letter topic.
 */
export type DeliveryOutcome = 'handled' | 'skipped' | 'failed' | 'dead-lettered'

/** Something that became of an event. */
export interface DeliveryFact {
  readonly outcome: DeliveryOutcome
  readonly group: string
  /** Where the record lies: the topic it was handled from, or the dead-letter topic. */
  readonly topic: string
  /** The event's id; null for a dead letter that has none. */
  readonly id: string | null
  /** The event's type; null for a dead letter that has none. */
  readonly type: string | null
  readonly key: string | null
  /** Which attempt it was; of a dead letter, how many there were. */
  readonly attempts: number
  /** Why: what was thrown, or the reason that was given. Null when handled. */
  readonly reason: string | null
  /** The event as the handler got it; null for a dead letter. */
  readonly event: EventEnvelope | null
  /** The record in the dead-letter topic; null otherwise. */
  readonly record: RawRecord | null
}

/** Which deliveries are meant: all that match everything given. */
export interface DeliveryMatch {
  readonly id?: string
  readonly type?: string
  readonly key?: string
  readonly group?: string
  readonly predicate?: (fact: DeliveryFact) => boolean
}

export function matches(fact: DeliveryFact, match: DeliveryMatch): boolean {
  for (const name of ['id', 'type', 'key', 'group'] as const) {
    if (match[name] !== undefined && match[name] !== fact[name]) return false
  }
  return match.predicate?.(fact) ?? true
}

/** What a record in a dead-letter topic says. */
export function deadLetterFact(record: RawRecord, topic: string): DeliveryFact {
  const { provenance, original } = splitProvenance(record.headers)
  const text = (name: string): string | null =>
    original.find(([candidate]) => candidate === name)?.[1]?.toString() ?? null
  const error = [provenance.get(provenanceHeaderNames.errorClass), provenance.get(provenanceHeaderNames.errorMessage)]
  return {
    outcome: 'dead-lettered',
    group: provenance.get(provenanceHeaderNames.originGroup) ?? '',
    topic,
    id: text(headerNames.id),
    type: text(headerNames.type),
    key: record.key?.toString() ?? null,
    attempts: Number(provenance.get(provenanceHeaderNames.attempts) ?? 0),
    reason: [provenance.get(provenanceHeaderNames.reason), ...error].filter((part) => part !== undefined).join(': '),
    event: null,
    record,
  }
}

export function describeFact({ outcome, group, type, id, key, attempts, reason }: DeliveryFact): string {
  const event = `${type ?? 'no type'} ${id ?? 'no id'}${key === null ? '' : ` (key ${key})`}`
  return `${outcome} by ${group}: ${event}, attempt ${attempts}${reason === null ? '' : `: ${reason}`}`
}

export function describeMatch({ predicate, ...named }: DeliveryMatch): string {
  const parts = Object.entries(named).map(([name, value]) => `${name} ${value}`)
  if (predicate) parts.push('the predicate')
  return parts.join(', ') || 'any event'
}
