/** The options that say which dead letters are meant, the same for every command that takes them. */
import { type Command, InvalidArgumentError } from 'commander'
import type { LetterFilter, OffsetSpan } from '../../dlq/filter.ts'

/** As commander hands them over. */
export interface FilterOptions {
  readonly reason?: readonly string[]
  readonly error?: readonly string[]
  readonly type?: readonly string[]
  readonly id?: readonly string[]
  readonly key?: readonly Buffer[]
  readonly since?: number
  readonly until?: number
  readonly originPartition?: readonly number[]
  readonly originOffsets?: OffsetSpan
}

export function withFilters(command: Command): Command {
  return command
    .option('--reason <reason...>', 'only those given up for this reason: rejected, attempts-exhausted, …')
    .option('--error <name...>', 'only those with this error class or code')
    .option('--type <type...>', 'only events of this type')
    .option('--id <id...>', 'only the event with this id')
    .option('--key <key...>', 'only those with this key: text, or 0x and hex digits', gathered(keyBytes))
    .option(
      '--since <time>',
      'only those given up then or later: 2026-01-31T10:00Z, or so long ago: 90s, 30m, 2h, 7d',
      time,
    )
    .option('--until <time>', 'only those given up before then', time)
    .option(
      '--origin-partition <number...>',
      'only those read from this partition of the source',
      gathered(wholeNumber),
    )
    .option(
      '--origin-offsets <from-to>',
      'only those read from these offsets, both ends counted: 100-200, 100-, -200',
      offsetSpan,
    )
}

export function filterFrom(options: FilterOptions): LetterFilter {
  const { reason, error, type, id, key, since, until, originPartition, originOffsets } = options
  return {
    ...(reason && { reasons: reason }),
    ...(error && { errors: error }),
    ...(type && { types: type }),
    ...(id && { eventIds: id }),
    ...(key && { keys: key }),
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
    ...(originPartition && { originPartitions: originPartition }),
    ...(originOffsets && { originOffsets }),
  }
}

/** For an option that may be given several times, or with several values. */
function gathered<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, parse(text)]
}

function keyBytes(text: string): Buffer {
  if (!text.startsWith('0x')) return Buffer.from(text, 'utf8')
  if (/^0x(?:[\da-f]{2})*$/i.test(text)) return Buffer.from(text.slice(2), 'hex')
  throw new InvalidArgumentError('After 0x, pairs of hex digits are needed.')
}

const millisecondsOf: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds since the Unix epoch. */
function time(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return Date.now() - Number(count) * (millisecondsOf[unit] ?? 0)
  // Without a zone, Date.parse would take the zone of whoever calls: the headers are in UTC.
  const isZoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T')
  const at = /^\d{4}-/.test(text) ? Date.parse(isZoned ? text : `${text}Z`) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new InvalidArgumentError(
    'A time is needed, as 2026-01-31T10:00Z (UTC where no zone is given), or 90s, 30m, 2h, 7d ago.',
  )
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 0 is needed.')
}

function offsetSpan(text: string): OffsetSpan {
  const [, from = '', dash, to = ''] = /^(\d{0,18})(-?)(\d{0,18})$/.exec(text) ?? []
  if (dash === undefined || (from === '' && to === '')) {
    throw new InvalidArgumentError('Offsets are needed, as 100-200, 100-, -200 or 100.')
  }
  if (dash === '') return { from: BigInt(from), to: BigInt(from) }
  return { from: from === '' ? null : BigInt(from), to: to === '' ? null : BigInt(to) }
}
