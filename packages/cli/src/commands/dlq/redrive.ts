import { placeOf } from '../../dlq/dead-letter.ts'
import { redrive } from '../../dlq/redrive.ts'
import type { RedriveReport } from '../../dlq/redrive-report.ts'
import type { CliEnvironment } from '../../environment.ts'
import { UsageError } from '../../environment.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Session } from '../../session.ts'
import { type FilterOptions, filterFrom } from './filter-options.ts'
import { describeReport, StepLines } from './redrive-lines.ts'
import { type GroupOptions, topicsOf } from './topics-of.ts'

export interface RedriveCommandOptions extends GroupOptions, FilterOptions {
  readonly limit?: number
  readonly rate?: number
  readonly maxRedrives: number
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly fromStart?: boolean
}

export async function dlqRedrive(
  session: Session,
  environment: CliEnvironment,
  options: RedriveCommandOptions,
): Promise<number> {
  const { admin, output } = session
  const filter = filterFrom(options)
  const isDryRun = options.dryRun ?? false
  // With a filter it is said which records may loop; without one, all that ever failed would be let through.
  if (options.force && Object.keys(filter).length === 0)
    throw new UsageError(
      '--force lets through what has come back too often: say which, with a filter such as --id or --error',
    )
  const interruption = new AbortController()
  void environment.interrupted().then(() => interruption.abort())

  const reports: RedriveReport[] = []
  let left = options.limit ?? Number.POSITIVE_INFINITY
  for (const topics of await topicsOf(admin, options)) {
    const lines = new StepLines(output, topics, isDryRun)
    const report = await redrive({
      admin,
      producer: session.producer,
      topics,
      filter,
      limit: left,
      ...(options.rate !== undefined && { ratePerSecond: options.rate }),
      maxRedrives: options.force ? Number.POSITIVE_INFINITY : options.maxRedrives,
      isDryRun,
      isFromStart: options.fromStart ?? false,
      signal: interruption.signal,
      onStep: (step) => lines.say(step),
    })
    left -= report.redriven
    reports.push(report)
    for (const line of describeReport(report)) output.line(line)
  }
  output.result(
    reports.map((report) => ({
      ...report,
      leftBehind: report.leftBehind.map(({ letter, ...why }) => ({
        place: placeOf(letter),
        eventId: letter.eventId,
        ...why,
      })),
    })),
  )
  if (reports.some(({ ended }) => ended === 'interrupted')) return exitCodes.interrupted
  const isIncomplete = reports.some(
    ({ leftBehind, ended }) => leftBehind.length > 0 || ended === 'progress-full' || ended === 'overtaken',
  )
  return isIncomplete ? exitCodes.incomplete : exitCodes.done
}
