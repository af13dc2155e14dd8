import type { DeadLetter } from '../../dlq/dead-letter.ts'
import { readable } from '../../dlq/describe.ts'
import { scanDeadLetters } from '../../dlq/scan.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Session } from '../../session.ts'
import { type FilterOptions, filterFrom } from './filter-options.ts'
import { type GroupOptions, topicsOf } from './topics-of.ts'

/** What dead letters can be counted by. */
export const countings = ['reason', 'error', 'type', 'key', 'topic', 'origin-partition', 'hour'] as const

export interface CountOptions extends GroupOptions, FilterOptions {
  readonly by: (typeof countings)[number]
  readonly all?: boolean
  readonly limit: number
}

/** How many dead letters there are, by one property, the most frequent first. */
export async function dlqCount({ admin, output }: Session, options: CountOptions): Promise<number> {
  const topics = await topicsOf(admin, options)
  const counts = new Map<string, { count: number; firstFailedAt: string | null; lastFailedAt: string | null }>()
  let total = 0
  for await (const letter of scanDeadLetters(admin, topics, {
    filter: filterFrom(options),
    isAll: options.all ?? false,
  })) {
    const value = propertyOf(letter, options.by) ?? '(none)'
    const { count = 0, firstFailedAt = null, lastFailedAt = null } = counts.get(value) ?? {}
    // ISO 8601 in UTC sorts as text.
    const [first, last] = [firstFailedAt ?? letter.failedAt, lastFailedAt ?? letter.failedAt]
    counts.set(value, {
      count: count + 1,
      firstFailedAt: letter.failedAt !== null && first !== null && letter.failedAt < first ? letter.failedAt : first,
      lastFailedAt: letter.failedAt !== null && last !== null && letter.failedAt > last ? letter.failedAt : last,
    })
    total += 1
  }
  const rows = [...counts].sort(([, a], [, b]) => b.count - a.count).slice(0, options.limit)
  output.result({ total, by: options.by, counts: rows.map(([value, found]) => ({ value, ...found })) })
  if (rows.length > 0)
    output.table(
      [options.by.toUpperCase(), 'COUNT', 'FIRST FAILED AT', 'LAST FAILED AT'],
      rows.map(([value, { count, firstFailedAt, lastFailedAt }]) => [
        value,
        String(count),
        firstFailedAt ?? '?',
        lastFailedAt ?? '?',
      ]),
    )
  output.line(`${total} ${options.all ? 'kept' : 'waiting'}; ${rows.length} of ${counts.size} groups shown`)
  return exitCodes.done
}

function propertyOf(letter: DeadLetter, by: CountOptions['by']): string | null {
  switch (by) {
    case 'reason':
      return letter.reason
    case 'error':
      return letter.errorCode === null ? letter.errorClass : `${letter.errorClass ?? '?'} (${letter.errorCode})`
    case 'type':
      return letter.eventType
    case 'key':
      return readable(letter.record.key)
    case 'topic':
      return letter.origin.topic
    case 'origin-partition':
      return letter.origin.partition === null ? null : String(letter.origin.partition)
    case 'hour':
      return letter.failedAt === null ? null : `${letter.failedAt.slice(0, 13)}:00Z`
  }
}
