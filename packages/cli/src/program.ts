/** The command line: what can be said, and which function answers. The work itself is in `commands/`. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { dev } from './commands/dev.ts'
import { dlqList, dlqRedrive, dlqShow, type ListOptions, type RedriveCommandOptions } from './commands/dlq.ts'
import { type EnsureOptions, topicsEnsure } from './commands/topics.ts'
import { brokersFrom, type CliEnvironment } from './environment.ts'
import { Session } from './session.ts'
import { createOutput, type Output } from './terminal/output.ts'

interface CommonOptions {
  readonly json?: boolean
  readonly brokers?: string
}

/** @param onDone - hears the exit code of the command that has run. */
export function createProgram(environment: CliEnvironment, onDone: (exitCode: number) => void): Command {
  const outputFor = ({ json }: CommonOptions): Output => createOutput(json ?? false, environment.writeOut)
  const onCluster = async (options: CommonOptions, command: (session: Session) => Promise<number>): Promise<void> => {
    await using session = new Session(
      environment.connect(brokersFrom(options.brokers, environment)),
      outputFor(options),
    )
    onDone(await command(session))
  }

  const program = new Command('tributary')
    .description('Topics, dead letters and a development broker for Tributary.')
    .exitOverride()
    .configureOutput({ writeOut: environment.writeOut, writeErr: environment.writeError })
    .showHelpAfterError('(add --help for what can be said)')

  const topics = program.command('topics').description('the topics that events and subscriptions need')
  clusterCommand(topics, 'ensure')
    .description('create what is missing, grow what is too small; nothing is shrunk or deleted')
    .requiredOption('-m, --module <files...>', 'modules that export events and subscriptions')
    .option('--partitions <count>', 'partitions of the topics', positiveInteger)
    .option('--replication-factor <count>', "replicas of the topics; the brokers' default otherwise", positiveInteger)
    .option('--dry-run', 'say what would be done, and do nothing')
    .action((options: CommonOptions & EnsureOptions) =>
      onCluster(options, (session) => topicsEnsure(session, environment.workingDirectory, options)),
    )

  const dlq = program.command('dlq').description('events that were given up')
  clusterCommand(dlq, 'list')
    .description(
      'dead letters of a group that wait to be redriven; without --group, the dead-letter topics of the cluster',
    )
    .option('-g, --group <group>', 'the consumer group that gave them up')
    .option('-t, --topic <topic>', 'only those of this source topic')
    .option('--all', 'also those that have been redriven', false)
    .option('--limit <count>', 'show at most so many', positiveInteger, 50)
    .action((options: CommonOptions & ListOptions) => onCluster(options, (session) => dlqList(session, options)))
  clusterCommand(dlq, 'show')
    .description('one dead letter with all its bytes')
    .argument('<place>', '<dead-letter topic>/<partition>/<offset>, as `dlq list` prints it')
    .action((place: string, options: CommonOptions) => onCluster(options, (session) => dlqShow(session, place)))
  clusterCommand(dlq, 'redrive')
    .description(
      'hand dead letters back to the group that gave them up, and to nobody else; goes on where the last run ended',
    )
    .requiredOption('-g, --group <group>', 'the consumer group that gave them up')
    .option('-t, --topic <topic>', 'only those of this source topic')
    .option('--limit <count>', 'redrive at most so many', positiveInteger)
    .option('--max-redrives <count>', 'leave those that have been redriven so often', positiveInteger, 3)
    .option('--from-start', 'also those that have been redriven before')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action((options: CommonOptions & RedriveCommandOptions) =>
      onCluster(options, (session) => dlqRedrive(session, options)),
    )

  program
    .command('dev')
    .description('a Kafka broker in memory until Ctrl-C, for development')
    .option('-p, --port <port>', 'the port to listen on; 0 takes a free one', portNumber, 9092)
    .addOption(jsonOption())
    .action(async (options: CommonOptions & { readonly port: number }) =>
      onDone(await dev(environment, outputFor(options), options)),
    )
  return program
}

function clusterCommand(parent: Command, name: string): Command {
  return parent
    .command(name)
    .option('-b, --brokers <list>', 'host:port[,host:port…]; KAFKA_BROKERS otherwise')
    .addOption(jsonOption())
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs instead of text for people')
}

function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 1 is needed.')
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('A port from 0 to 65535 is needed.')
}
