import type { RawHeader, RawRecord, TopicPartition } from '../driver.ts'
import { provenanceHeaderNames as names } from '../events/header-names.ts'
import { headerText } from '../events/headers.ts'
import type { TopicRole } from '../topics.ts'
import { type Origin, originFrom, ownOrigin, splitProvenance } from './provenance.ts'

/** What is known of a record from before it was read here. */
export interface RecordHistory {
  readonly origin: Origin
  /** The headers that it was published with. */
  readonly original: readonly RawHeader[]
  /** How often it was redriven; null when never. */
  readonly redriveCount: string | null
  /** Attempts made before it came into this topic: none but for retry topics, as a redrive starts anew. */
  readonly attempts: number
  /** Milliseconds since the Unix epoch; null when it has not failed since it was published or redriven. */
  readonly firstFailedAt: number | null
}

/**
 * Provenance counts only in the group's own redrive and retry topics, and only where it names this group and the topic's source; elsewhere it is the record's own
 * business.
 */
export function historyOf(record: RawRecord, readFrom: TopicPartition, role: TopicRole): RecordHistory {
  const { kind, group, source } = role
  if (kind !== 'source') {
    const { provenance, original } = splitProvenance(record.headers)
    const origin = originFrom(provenance, group)
    if (origin?.topic === source) {
      const redriveCount = provenance.get(names.redriveCount) ?? null
      if (kind === 'redrive') return { origin, original, redriveCount, attempts: 0, firstFailedAt: null }
      const attempts = provenance.get(names.attempts) ?? ''
      return {
        origin,
        original,
        redriveCount,
        attempts: /^\d{1,9}$/.test(attempts) ? Number(attempts) : 0,
        firstFailedAt: timeFrom(provenance.get(names.firstFailedAt) ?? null),
      }
    }
  }
  const origin = ownOrigin(record, readFrom, group)
  return { origin, original: record.headers, redriveCount: null, attempts: 0, firstFailedAt: null }
}

/**
 * When a record of a retry topic may be tried, in milliseconds since the Unix epoch, by the clock of whoever wrote it. One that does not say it has waited when
 * the topic's delay has passed since it was written.
 */
export function dueAtOf(record: RawRecord, delayMs: number): number {
  return timeFrom(headerText(record.headers, names.dueAt)) ?? record.timestamp + delayMs
}

function timeFrom(text: string | null): number | null {
  const time = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? null : time
}
