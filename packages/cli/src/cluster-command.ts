/** What the commands that need a cluster have in common. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Session } from './session.ts'

export interface CommonOptions {
  readonly json?: boolean
  readonly brokers?: string
}

/** Runs a command with a session on the cluster that the options name. */
export type OnCluster = (options: CommonOptions, command: (session: Session) => Promise<number>) => Promise<void>

export function clusterCommand(parent: Command, name: string): Command {
  return parent
    .command(name)
    .option('-b, --brokers <list>', 'host:port[,host:port…]; KAFKA_BROKERS otherwise')
    .addOption(jsonOption())
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs instead of text for people')
}

export function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 1 is needed.')
}
