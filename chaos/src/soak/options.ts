import { parseArgs } from 'node:util'
import { numberOption, UsageError } from '../options/number-option.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly perSecond: number
  readonly reportFile: string
  readonly help: boolean
}

export const usage = `usage: soak [options]
  --minutes N     how long events are published (default 30)
  --rate N        events a second (default 300)
  --report FILE   where all samples are kept (default run/soak.json)`

/** @throws {UsageError} */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        rate: { type: 'string' },
        report: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return {
      minutes: numberOption('--minutes', values.minutes, 30),
      perSecond: numberOption('--rate', values.rate, 300),
      reportFile: values.report ?? 'run/soak.json',
      help: values.help ?? false,
    }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error))
  }
}
