import type { DriverAdmin } from '@tributary/event-bus'
import { type DeadLetter, placeOf } from '../dlq/dead-letter.ts'
import { letterHeadings, letterInFull, letterRow, letterSummary, readable } from '../dlq/describe.ts'
import { type DeadLetterTopic, findDeadLetterTopics, listDeadLetterTopics } from '../dlq/find-topics.ts'
import { readRedriveProgress } from '../dlq/progress.ts'
import { readDeadLetter, readDeadLetters } from '../dlq/read-dead-letters.ts'
import { type RedriveReport, redrive } from '../dlq/redrive.ts'
import type { RedriveStep } from '../dlq/redriven-record.ts'
import { UsageError } from '../environment.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session } from '../session.ts'

export interface ListOptions {
  readonly group?: string
  readonly topic?: string
  readonly limit: number
  readonly all?: boolean
}

/** Of a group: its dead letters. Of nobody in particular: the dead-letter topics that there are. */
export async function dlqList(session: Session, options: ListOptions): Promise<number> {
  if (options.group === undefined) {
    if (options.topic !== undefined)
      throw new UsageError('--topic alone is not enough: dead letters belong to a topic and a --group')
    return listTopics(session)
  }
  const { admin, output } = session
  const topics = await findDeadLetterTopics(admin, options.group, options.topic)
  const letters: DeadLetter[] = []
  let waiting = 0n
  for (const topic of topics) {
    for (const progress of await readRedriveProgress(admin, topic.deadLetterTopic, topic.group)) {
      waiting += progress.logEndOffset - progress.nextOffset
      const from = options.all ? progress.logStartOffset : progress.nextOffset
      for await (const letter of readDeadLetters(admin, progress, from, progress.logEndOffset)) {
        if (letters.length >= options.limit) break
        letters.push(letter)
      }
    }
  }
  output.result({ waiting, letters: letters.map(letterSummary) })
  if (letters.length > 0) output.table(letterHeadings, letters.map(letterRow))
  output.line(
    topics.length === 0
      ? `group ${options.group} has no dead-letter topic here${options.topic === undefined ? '' : ` for ${options.topic}`}`
      : `${waiting} waiting in ${topics.map(({ deadLetterTopic }) => deadLetterTopic).join(', ')}; ${letters.length} shown`,
  )
  return exitCodes.done
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

/** @param place - `<dead-letter topic>/<partition>/<offset>`, as `dlq list` prints it. */
export async function dlqShow({ admin, output }: Session, place: string): Promise<number> {
  const match = /^(?<topic>[^/]+)\/(?<partition>\d+)\/(?<offset>\d+)$/.exec(place)
  if (!match?.groups)
    throw new UsageError(
      `"${place}" is no place: give <dead-letter topic>/<partition>/<offset>, as \`dlq list\` prints it`,
    )
  const { topic = '', partition = '', offset = '' } = match.groups
  const letter = await readDeadLetter(admin, { topic, partition: Number(partition) }, BigInt(offset))
  if (!letter) throw new UsageError(`nothing lies at ${place}: retention may have removed it`)
  output.result(letterInFull(letter))
  output.line(place)
  output.line(`  timestamp  ${new Date(letter.record.timestamp).toISOString()}`)
  output.line(`  key        ${readable(letter.record.key) ?? '(null)'}`)
  output.line(
    `  value      ${readable(letter.record.value) ?? (letter.isPointer ? '(null: only a pointer fitted, see tributary.origin.*)' : '(null)')}`,
  )
  output.line('  headers')
  for (const [name, value] of letter.record.headers) output.line(`    ${name}: ${readable(value) ?? '(null)'}`)
  return exitCodes.done
}

export interface RedriveCommandOptions {
  readonly group: string
  readonly topic?: string
  readonly limit?: number
  readonly maxRedrives: number
  readonly dryRun?: boolean
  readonly fromStart?: boolean
}

export async function dlqRedrive(session: Session, options: RedriveCommandOptions): Promise<number> {
  const { admin, output } = session
  const all = await findDeadLetterTopics(admin, options.group, options.topic)
  if (all.length === 0) {
    throw new UsageError(
      `group ${options.group} has no dead-letter topic${options.topic === undefined ? '' : ` for ${options.topic}`} on this cluster`,
    )
  }
  const reports: RedriveReport[] = []
  let left = options.limit ?? Number.POSITIVE_INFINITY
  for (const topics of all) {
    const report = await redrive({
      admin,
      producer: session.producer,
      topics,
      limit: left,
      maxRedrives: options.maxRedrives,
      isDryRun: options.dryRun ?? false,
      isFromStart: options.fromStart ?? false,
      onStep: (step) => output.line(describeStep(step, topics, options.dryRun ?? false)),
    })
    left -= report.redriven
    reports.push(report)
    output.line(describeReport(report))
  }
  output.result(
    reports.map((report) => ({
      ...report,
      leftBehind: report.leftBehind.map(({ letter, ...why }) => ({ place: placeOf(letter), ...why })),
    })),
  )
  return reports.some(({ leftBehind }) => leftBehind.length > 0) ? exitCodes.incomplete : exitCodes.done
}

function describeStep(step: RedriveStep, { redriveTopic }: DeadLetterTopic, isDryRun: boolean): string {
  const { letter } = step
  const event = `${placeOf(letter)} (${letter.eventType ?? 'no type'} ${letter.eventId ?? 'without id'})`
  if (step.kind === 'leave') return `${isDryRun ? 'would leave' : 'leaving'} ${event}: ${step.reason}: ${step.detail}`
  return `${isDryRun ? 'would redrive' : 'redriving'} ${event} to ${redriveTopic}/${step.partition}, redrive ${letter.redriveCount + 1}`
}

function describeReport({ topics, isDryRun, redriven, leftBehind, remaining }: RedriveReport): string {
  const done = `${isDryRun ? 'would redrive' : 'redrove'} ${redriven} from ${topics.deadLetterTopic}`
  return `${done}, left ${leftBehind.length} behind, ${remaining} not looked at`
}
