/** The command line: what can be said, and which function answers. The work itself is in `commands/`. */
import { Command, InvalidArgumentError } from 'commander'
import { type CommonOptions, clusterCommand, jsonOption, type OnCluster, positiveInteger } from './cluster-command.ts'
import { type DevOptions, dev } from './commands/dev.ts'
import { addDlqCommands } from './commands/dlq/commands.ts'
import { type ExplainOptions, offsetsExplain } from './commands/offsets.ts'
import { type EnsureOptions, topicsEnsure } from './commands/topics.ts'
import { brokersFrom, type CliEnvironment } from './environment.ts'
import { Session } from './session.ts'
import { createOutput, type Output } from './terminal/output.ts'

/** @param onDone - hears the exit code of the command that has run. */
export function createProgram(environment: CliEnvironment, onDone: (exitCode: number) => void): Command {
  const outputFor = ({ json }: CommonOptions): Output => createOutput(json ?? false, environment.writeOut)
  const onCluster: OnCluster = async (options, command) => {
    await using session = new Session(
      environment.connect(brokersFrom(options.brokers, environment)),
      outputFor(options),
    )
    onDone(await command(session))
  }

  const program = new Command('tributary')
    .description('Topics, offsets, dead letters and a development broker for Tributary.')
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

  const offsets = program.command('offsets').description('what groups have committed')
  clusterCommand(offsets, 'explain')
    .description(
      "what a group has committed in each partition, and what the commit's metadata says is settled beyond it",
    )
    .requiredOption('-g, --group <group>', 'the consumer group')
    .option('-t, --topic <topic>', 'only this topic; without it, every topic of the cluster is asked for')
    .action((options: CommonOptions & ExplainOptions) =>
      onCluster(options, (session) => offsetsExplain(session, options)),
    )

  addDlqCommands(program, environment, onCluster)

  program
    .command('dev')
    .description('a Kafka broker until Ctrl-C, in memory or with a data directory, for development')
    .option('-p, --port <port>', 'the port to listen on; 0 takes a free one', portNumber, 9092)
    .option('-d, --data <directory>', 'where topics, records and commits are kept; the next start finds them there')
    .option('--auto-create-topics', 'a client that asks for an unknown topic gets one')
    .addOption(jsonOption())
    .addHelpText('after', devHelp)
    .action(async (options: CommonOptions & DevOptions) => onDone(await dev(environment, outputFor(options), options)))
  return program
}

const devHelp = `
It listens on 127.0.0.1 only. Clients take the address that it prints, services KAFKA_BROKERS=127.0.0.1:9092.
Topics are made by \`tributary topics ensure --module <file>\` or any Kafka tool, unless --auto-create-topics is given.
Ctrl-C or SIGTERM stops it. What is in --data outlives that, and a kill -9.`

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('A port from 0 to 65535 is needed.')
}
