import { fileURLToPath } from 'node:url'
import { type ServiceProcess, startService } from '@tributary/infra'

export interface Program {
  /** For messages, and for the names of its files. */
  readonly name: string
  /** Relative to this package's `src`. */
  readonly main: string
  /** Handed over as JSON in the first argument. */
  readonly settings: object
  /** Where its log and pid file go. */
  readonly dir: string
  /** Further options of Node. */
  readonly nodeOptions?: readonly string[]
}

/** What a program prints once it does its work. */
export const READY = 'ready'

/** Starts one of this package's programs in a process of its own, and resolves when it says that it is ready. It ends with us, whatever happens to us. */
export function runProgram({ name, main, settings, dir, nodeOptions = [] }: Program): Promise<ServiceProcess> {
  const file = fileURLToPath(new URL(`../${main}`, import.meta.url))
  return startService({
    name,
    command: process.execPath,
    args: [...nodeOptions, '--conditions=@tributary/source', file, JSON.stringify(settings)],
    logFile: `${dir}/${name}.log`,
    pidFile: `${dir}/${name}.pid`,
    lifetime: 'owner',
    isReady: (log) => log.split('\n').includes(READY),
  })
}
