import type { DriverAdmin } from '@tributary/event-bus'
import { readJournal } from '../journal/journal.ts'
import type { MemberLine, ProducerLine } from '../journal/lines.ts'
import type { Played } from '../play.ts'
import type { Life } from '../stage/members.ts'
import type { Evidence, Publication } from './evidence.ts'
import { historyOf } from './histories.ts'
import { readDeadLetters, readSource } from './read-log.ts'

export interface Collected {
  readonly evidence: Evidence
  readonly ownerless: readonly string[]
}

/** Reads the log and all journals, after the play. */
export async function collect(
  admin: DriverAdmin,
  group: string,
  played: Played,
  lives: readonly Life[],
): Promise<Collected> {
  const [log, deadLetters] = await Promise.all([readSource(admin), readDeadLetters(admin, group)])
  const histories = lives.map((life) => historyOf(life, readJournal<MemberLine>(life.journalFile)))
  const published = played.producerJournals.flatMap((file) => readJournal<ProducerLine>(file))
  return {
    evidence: {
      log,
      deadLetters,
      sent: published.reduce((sum, line) => sum + (line.what === 'closed' ? line.sent : 0), 0),
      publications: published.flatMap(publicationFrom),
      executions: histories.flatMap(({ executions }) => executions).sort((a, b) => a.from - b.from),
      epochs: histories.flatMap(({ epochs }) => epochs),
      commits: histories.flatMap(({ commits }) => commits),
      faults: played.faults,
      uncommitted: played.uncommitted,
      served: played.served,
    },
    ownerless: histories.flatMap(({ ownerless }) => ownerless),
  }
}

function publicationFrom(line: ProducerLine): Publication[] {
  if (line.what === 'closed') return []
  const { id } = line
  return line.what === 'published'
    ? [{ id, outcome: 'acknowledged', partition: line.partition, offset: line.offset }]
    : [{ id, outcome: line.outcome, code: line.code }]
}
