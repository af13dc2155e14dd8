import type { DriverAdmin } from '@tributary/event-bus'
import type { DeadLetter } from '../../dlq/dead-letter.ts'
import { letterHeadings, letterRow, letterSummary } from '../../dlq/describe.ts'
import { type DeadLetterTopic, listDeadLetterTopics } from '../../dlq/find-topics.ts'
import { readRedriveProgress } from '../../dlq/progress.ts'
import { scanDeadLetters } from '../../dlq/scan.ts'
import { UsageError } from '../../environment.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Session } from '../../session.ts'
import { type FilterOptions, filterFrom } from './filter-options.ts'
import { topicsOf } from './topics-of.ts'

export interface ListOptions extends FilterOptions {
  readonly group?: string
  readonly topic?: string
  readonly limit: number
  readonly all?: boolean
}

/** Of a group: its dead letters. Of nobody in particular: the dead-letter topics that there are. */
export async function dlqList(session: Session, options: ListOptions): Promise<number> {
  const { group, topic } = options
  const filter = filterFrom(options)
  if (group === undefined) {
    if (topic !== undefined || Object.keys(filter).length > 0)
      throw new UsageError('whose dead letters? They belong to a topic and a group: give --group')
    return listTopics(session)
  }
  const { admin, output } = session
  const topics = await topicsOf(admin, { group, ...(topic !== undefined && { topic }) })
  const letters: DeadLetter[] = []
  for await (const letter of scanDeadLetters(admin, topics, { filter, isAll: options.all ?? false })) {
    letters.push(letter)
    if (letters.length === options.limit) break
  }
  const waiting = await countWaiting(admin, topics)
  output.result({ waiting, letters: letters.map(letterSummary) })
  if (letters.length > 0) output.table(letterHeadings, letters.map(letterRow))
  const places = topics.map(({ deadLetterTopic }) => deadLetterTopic).join(', ')
  output.line(`${waiting} waiting in ${places}; ${letters.length} shown`)
  return exitCodes.done
}

async function countWaiting(admin: DriverAdmin, topics: readonly DeadLetterTopic[]): Promise<bigint> {
  let count = 0n
  for (const { deadLetterTopic, group } of topics) {
    for (const { waiting } of await readRedriveProgress(admin, deadLetterTopic, group))
      for (const { from, to } of waiting) count += to - from
  }
  return count
}

async function listTopics({ admin, output }: Session): Promise<number> {
  const topics = await listDeadLetterTopics(admin)
  const counts = await Promise.all(topics.map((topic) => countRecords(admin, topic)))
  output.result(topics.map((topic, index) => ({ topic, records: counts[index] })))
  if (topics.length === 0) output.line('there is no dead-letter topic on this cluster')
  else
    output.table(
      ['DEAD-LETTER TOPIC', 'RECORDS'],
      topics.map((topic, index) => [topic, String(counts[index])]),
    )
  return exitCodes.done
}

async function countRecords(admin: DriverAdmin, topic: string): Promise<bigint> {
  const offsets = await admin.offsets(topic)
  return offsets.reduce((sum, { logStartOffset, logEndOffset }) => sum + logEndOffset - logStartOffset, 0n)
}
