import { applyTopics, planTopics, type TopicReport, type TopicSettings } from '@tributary/event-bus'
import { exitCodes } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import { loadDefinitions } from '../topics/load-definitions.ts'

export interface EnsureOptions {
  readonly module: readonly string[]
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly dryRun?: boolean
}

/** Creates and grows the topics that a module's events and subscriptions need. */
export async function topicsEnsure(
  session: Session,
  workingDirectory: string,
  options: EnsureOptions,
): Promise<number> {
  const { admin, output } = session
  const definitions = await loadDefinitions(options.module, workingDirectory)
  const defaults: TopicSettings = {
    ...(options.partitions !== undefined && { partitions: options.partitions }),
    ...(options.replicationFactor !== undefined && { replicationFactor: options.replicationFactor }),
  }
  const plan = planTopics({ ...definitions, defaults })
  const isDryRun = options.dryRun ?? false
  const report = await applyTopics(admin, plan, { dryRun: isDryRun })

  output.result({ isDryRun, plan, ...report })
  const purposes = new Map(plan.map(({ topic, purpose }) => [topic, purpose]))
  for (const line of reportLines(report, isDryRun, (topic) => purposes.get(topic) ?? '')) output.line(line)
  return exitCodes.done
}

function reportLines(report: TopicReport, isDryRun: boolean, purposeOf: (topic: string) => string): string[] {
  const would = isDryRun ? 'would ' : ''
  return [
    ...report.created.map((topic) => `${would}create${isDryRun ? '' : 'd'} ${topic} (${purposeOf(topic)})`),
    ...report.grown.map(
      ({ topic, from, to }) => `${isDryRun ? 'would grow' : 'grew'} ${topic} from ${from} to ${to} partitions`,
    ),
    ...report.raised.map(
      ({ topic, config, from, to }) =>
        `${would}raise${isDryRun ? '' : 'd'} ${config} of ${topic} from ${from} to ${to}`,
    ),
    ...report.leftovers.map(
      ({ topic, records }) => `left over: ${topic} is in no plan and still holds ${records} records`,
    ),
    `${report.unchanged.length} ${report.unchanged.length === 1 ? 'topic is' : 'topics are'} as planned`,
  ]
}
