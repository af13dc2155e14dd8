import { CommanderError } from 'commander'
import { type CliEnvironment, UsageError } from './environment.ts'
import { exitCodes } from './exit-codes.ts'
import { createProgram } from './program.ts'
import { explainError } from './terminal/explain-error.ts'

/**
 * Runs one command line. Never rejects.
 *
 * @param words - what follows `tributary`.
 * @returns the exit code.
 */
export async function run(words: readonly string[], environment: CliEnvironment): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = createProgram(environment, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...words], { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said it already, and ends --help and --version this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    if (error instanceof UsageError) {
      environment.writeError(`tributary: ${error.message}\n`)
      return exitCodes.usage
    }
    const { code, message, remedy } = explainError(error)
    environment.writeError(`tributary: ${code === null ? '' : `${code}: `}${message}\n`)
    if (remedy !== null) environment.writeError(`${remedy}\n`)
    return exitCodes.failed
  }
}
