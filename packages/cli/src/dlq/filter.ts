import type { DeadLetter } from './dead-letter.ts'

/** From `from` to `to`, both counted; null leaves an end open. */
export interface OffsetSpan {
  readonly from: bigint | null
  readonly to: bigint | null
}

/** Which dead letters are meant. What is given must all hold; of a list, one member is enough. */
export interface LetterFilter {
  readonly reasons?: readonly string[]
  /** Error classes or codes. */
  readonly errors?: readonly string[]
  /** Event types, as the headers say them: a pointer has lost them. */
  readonly types?: readonly string[]
  /** Event ids, as the headers say them: a pointer has lost them. */
  readonly eventIds?: readonly string[]
  /** Keys, byte for byte. */
  readonly keys?: readonly Buffer[]
  /** Given up at this time or later, in milliseconds since the Unix epoch. */
  readonly sinceMs?: number
  /** Given up before this time, in milliseconds since the Unix epoch. */
  readonly untilMs?: number
  readonly originPartitions?: readonly number[]
  readonly originOffsets?: OffsetSpan
}

export function matches(letter: DeadLetter, filter: LetterFilter): boolean {
  const { sinceMs, untilMs, originOffsets } = filter
  const failedAt = failedAtOf(letter)
  return (
    isOneOf(filter.reasons, letter.reason) &&
    (isOneOf(filter.errors, letter.errorClass) || isOneOf(filter.errors, letter.errorCode)) &&
    isOneOf(filter.types, letter.eventType) &&
    isOneOf(filter.eventIds, letter.eventId) &&
    hasKey(letter, filter.keys) &&
    (sinceMs === undefined || failedAt >= sinceMs) &&
    (untilMs === undefined || failedAt < untilMs) &&
    isOneOf(filter.originPartitions, letter.origin.partition) &&
    (originOffsets === undefined || isWithin(letter.origin.recordOffset, originOffsets))
  )
}

/** When the group gave it up, in milliseconds since the Unix epoch; when it was written, where the headers do not say. */
function failedAtOf({ failedAt, record }: DeadLetter): number {
  const said = failedAt === null ? Number.NaN : Date.parse(failedAt)
  return Number.isNaN(said) ? record.timestamp : said
}

function isOneOf<T>(wanted: readonly T[] | undefined, found: T | null): boolean {
  return wanted === undefined || (found !== null && wanted.includes(found))
}

function hasKey({ record }: DeadLetter, keys: readonly Buffer[] | undefined): boolean {
  return keys === undefined || keys.some((key) => record.key?.equals(key) ?? false)
}

function isWithin(offset: bigint | null, { from, to }: OffsetSpan): boolean {
  return offset !== null && (from === null || offset >= from) && (to === null || offset <= to)
}
