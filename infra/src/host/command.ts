import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { PrerequisiteMissingError } from './errors.ts'

interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end and returns what it printed. Throws with both of its outputs when it exits with anything but 0. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n${stdout}${stderr}`.trimEnd()))
    })
  })
}

/** The full path of a program, in the folders of `first` or on the PATH; undefined when it is in none of them. */
export async function findCommand(name: string, first: readonly string[] = []): Promise<string | undefined> {
  for (const dir of [...first, ...(process.env['PATH'] ?? '').split(path.delimiter)]) {
    const file = path.join(dir, name)
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (dir !== '' && executable) return file
  }
  return undefined
}

/**
 * Makes sure that `find` finds something, installing the Debian package `apt` first when that is possible (root and apt-get: a CI machine).
 *
 * @throws {PrerequisiteMissingError} when it is neither there nor can be installed. A missing component is a failure, never a reason to skip.
 */
export async function requireProgram(
  what: string,
  apt: string,
  find: () => Promise<string | undefined>,
): Promise<string> {
  const present = await find()
  if (present !== undefined) return present
  if (process.getuid?.() !== 0 || (await findCommand('apt-get')) === undefined) {
    throw new PrerequisiteMissingError(
      `${what} was not found. Install it (Debian and Ubuntu: apt-get install ${apt}) and make sure that it is on the PATH.`,
    )
  }
  await aptInstall(apt)
  const installed = await find()
  if (installed === undefined)
    throw new PrerequisiteMissingError(`${what} was not found even after "apt-get install ${apt}".`)
  return installed
}

/** `requireProgram` for a program that is looked up on the PATH. */
export function requireCommand(name: string, apt: string): Promise<string> {
  return requireProgram(`The program "${name}"`, apt, () => findCommand(name))
}

let installing: Promise<unknown> = Promise.resolve()

/** Components start in parallel, but dpkg has one lock: installations wait for each other here, and for other processes by DPkg's own timeout. */
function aptInstall(apt: string): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const lock = ['-o', 'DPkg::Lock::Timeout=600']
  const install = installing.then(async () => {
    await run('apt-get', ['update', '-qq', ...lock], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...lock, ...apt.split(' ')], { env })
  })
  // A failed installation is its caller's failure; the next one in the queue still gets its turn.
  installing = install.catch(() => undefined)
  return install
}
