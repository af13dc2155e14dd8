/**
 * The headers that say where a dead letter, or a record in a retry topic, comes from and why it is there. They stand before the record's own headers, which
 * stay as they were, byte for byte and in order: the first header of a name counts, so nothing that a record brought along can pass for them.
 */
import type { RawHeader, RawRecord, TopicPartition } from '../driver.ts'
import { provenanceHeaderNames as names } from '../events/header-names.ts'
import { textHeader } from '../events/headers.ts'
import type { Failure } from './failure.ts'

/** Where a record was first read by the group that gave it up. Set once, and kept by redrives. */
export interface Origin extends TopicPartition {
  readonly recordOffset: bigint
  /** Milliseconds since the Unix epoch, as on the log. */
  readonly timestamp: number
  readonly group: string
}

/** What happened to a record. */
export interface FailureReport {
  readonly origin: Origin
  /** Why it was given up; null when it was not. */
  readonly reason: string | null
  readonly failure: Failure
  readonly attempts: number
  /** Milliseconds since the Unix epoch. */
  readonly firstFailedAt: number
  /** Milliseconds since the Unix epoch. */
  readonly failedAt: number
  /** When it may be tried again, in milliseconds since the Unix epoch; null when it was given up. */
  readonly dueAt: number | null
  /** For how long it was held, if that ended it: milliseconds. */
  readonly heldMs: number | null
  /** How often it was redriven before it failed this time; null when never. */
  readonly redriveCount: string | null
}

/** How much of the error is told. */
export type ErrorDetail = 'stack' | 'message' | 'none'

const MAX_STACK_CHARACTERS = 8_192
const MAX_MESSAGE_CHARACTERS = 2_048

export function provenanceHeaders(report: FailureReport, detail: ErrorDetail, traceparent: Buffer): RawHeader[] {
  const { origin, failure } = report
  const headers: RawHeader[] = [
    textHeader(names.originTopic, origin.topic),
    textHeader(names.originPartition, String(origin.partition)),
    textHeader(names.originOffset, String(origin.recordOffset)),
    textHeader(names.originTimestamp, String(origin.timestamp)),
    textHeader(names.originGroup, origin.group),
    ...(report.reason === null ? [] : [textHeader(names.reason, report.reason)]),
    textHeader(names.errorClass, shortened(failure.name, MAX_MESSAGE_CHARACTERS)),
  ]
  if (failure.code !== null) headers.push(textHeader(names.errorCode, shortened(failure.code, MAX_MESSAGE_CHARACTERS)))
  if (detail !== 'none')
    headers.push(textHeader(names.errorMessage, shortened(failure.message, MAX_MESSAGE_CHARACTERS)))
  if (detail === 'stack' && failure.stack !== null) {
    headers.push(textHeader(names.errorStack, shortened(failure.stack, MAX_STACK_CHARACTERS)))
  }
  headers.push(
    textHeader(names.attempts, String(report.attempts)),
    textHeader(names.firstFailedAt, new Date(report.firstFailedAt).toISOString()),
    textHeader(names.failedAt, new Date(report.failedAt).toISOString()),
  )
  if (report.dueAt !== null) headers.push(textHeader(names.dueAt, new Date(report.dueAt).toISOString()))
  if (report.heldMs !== null) headers.push(textHeader(names.heldMs, String(report.heldMs)))
  if (report.redriveCount !== null) headers.push(textHeader(names.redriveCount, report.redriveCount))
  // Always there and always last: what follows is the record's own, whatever it is called.
  headers.push([names.traceparent, traceparent])
  return headers
}

const knownNames: ReadonlySet<string> = new Set(Object.values(names))

/** Headers of a dead letter, of a redriven record or of one in a retry topic, taken apart. */
export interface SplitHeaders {
  /** The first value of each provenance header, as text. */
  readonly provenance: ReadonlyMap<string, string>
  /** What the record had when it was published, in order. */
  readonly original: readonly RawHeader[]
}

export function splitProvenance(headers: readonly RawHeader[]): SplitHeaders {
  const last = headers.findIndex(([name]) => name === names.traceparent)
  const block = headers.slice(0, last + 1)
  if (last >= 0 && block.every(([name]) => knownNames.has(name))) {
    const provenance = new Map(block.toReversed().map(([name, value]) => [name, value?.toString('utf8') ?? '']))
    return { provenance, original: headers.slice(last + 1) }
  }
  return splitLoose(headers)
}

/** Of a block that somebody else has written, or has put headers between. */
function splitLoose(headers: readonly RawHeader[]): SplitHeaders {
  const provenance = new Map<string, string>()
  const original: RawHeader[] = []
  for (const header of headers) {
    const [name, value] = header
    if (knownNames.has(name) && !provenance.has(name)) provenance.set(name, value?.toString('utf8') ?? '')
    else original.push(header)
  }
  return { provenance, original }
}

/** What a redriven record says of its origin; null when it does not say it, or says that another group gave it up. */
export function originFrom(provenance: ReadonlyMap<string, string>, group: string): Origin | null {
  const topic = provenance.get(names.originTopic)
  const partition = wholeNumber(provenance.get(names.originPartition))
  const recordOffset = wholeNumber(provenance.get(names.originOffset))
  if (topic === undefined || partition === null || recordOffset === null) return null
  if (provenance.get(names.originGroup) !== group) return null
  return {
    topic,
    partition: Number(partition),
    recordOffset,
    timestamp: Number(wholeNumber(provenance.get(names.originTimestamp)) ?? -1n),
    group,
  }
}

/** The origin of a record that is read for the first time. */
export function ownOrigin(record: RawRecord, from: TopicPartition, group: string): Origin {
  return {
    topic: from.topic,
    partition: from.partition,
    recordOffset: record.offset,
    timestamp: record.timestamp,
    group,
  }
}

function wholeNumber(text: string | undefined): bigint | null {
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}

function shortened(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`
}
