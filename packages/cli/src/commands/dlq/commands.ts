/** What can be said after `tributary dlq`. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type CommonOptions, clusterCommand, type OnCluster, positiveInteger } from '../../cluster-command.ts'
import type { CliEnvironment } from '../../environment.ts'
import { type CountOptions, countings, dlqCount } from './count.ts'
import { withFilters } from './filter-options.ts'
import { dlqList, type ListOptions } from './list.ts'
import { dlqRedrive, type RedriveCommandOptions } from './redrive.ts'
import { dlqShow, type ShowOptions } from './show.ts'

const GROUP = ['-g, --group <group>', 'the consumer group that gave them up'] as const
const TOPIC = ['-t, --topic <topic>', 'only those of this source topic'] as const
const ALL = ['--all', 'also those that have been redriven'] as const

export function addDlqCommands(program: Command, environment: CliEnvironment, onCluster: OnCluster): void {
  const dlq = program.command('dlq').description('events that were given up')
  withFilters(
    clusterCommand(dlq, 'list')
      .description(
        'dead letters of a group that wait to be redriven; without --group, the dead-letter topics of the cluster',
      )
      .option(...GROUP)
      .option(...TOPIC)
      .option(...ALL)
      .option('--limit <count>', 'show at most so many', positiveInteger, 50),
  ).action((options: CommonOptions & ListOptions) => onCluster(options, (session) => dlqList(session, options)))

  withFilters(
    clusterCommand(dlq, 'count')
      .description('how many dead letters of a group wait to be redriven, by reason or another property')
      .requiredOption(...GROUP)
      .option(...TOPIC)
      .option(...ALL)
      .addOption(new Option('--by <property>', 'what to count by').choices(countings).default('reason'))
      .option('--limit <count>', 'show the most frequent so many', positiveInteger, 50),
  ).action((options: CommonOptions & CountOptions) => onCluster(options, (session) => dlqCount(session, options)))

  withFilters(
    clusterCommand(dlq, 'show')
      .description('dead letters with all their bytes: one by its place, or those of a group')
      .argument('[place]', '<dead-letter topic>/<partition>/<offset>, as `dlq list` prints it')
      .option(...GROUP)
      .option(...TOPIC)
      .option(...ALL)
      .option('--limit <count>', 'show at most so many', positiveInteger, 10)
      .option('-m, --module <files...>', 'modules that export events, to decode values by their schemas')
      .option('--registry <url>', 'schema registry to decode values by; credentials belong into no address'),
  ).action((place: string | undefined, options: CommonOptions & ShowOptions) =>
    onCluster(options, (session) => dlqShow(session, place, environment.workingDirectory, options)),
  )

  withFilters(
    clusterCommand(dlq, 'redrive')
      .description(
        'hand dead letters back to the group that gave them up, and to nobody else; goes on where the last run ended',
      )
      .requiredOption(...GROUP)
      .option(...TOPIC)
      .option('--limit <count>', 'redrive at most so many', positiveInteger)
      .option('--rate <count>', 'redrive at most so many a second', positiveNumber)
      .option('--max-redrives <count>', 'leave those that have been redriven so often', positiveInteger, 3)
      .option('--force', 'also those that have been redriven so often; needs a filter')
      .option('--from-start', 'also those that have been redriven before; begins anew each time')
      .option('--dry-run', 'say what would be done, and do nothing'),
  ).action((options: CommonOptions & RedriveCommandOptions) =>
    onCluster(options, (session) => dlqRedrive(session, environment, options)),
  )
}

function positiveNumber(text: string): number {
  if (/^\d{1,6}(?:\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('A number above 0 is needed.')
}
