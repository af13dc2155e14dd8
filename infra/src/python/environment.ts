import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cached } from '../host/cache.ts'
import { requireCommand, run } from '../host/command.ts'

/** The Python interpreter of a virtual environment with the libraries that the file pins, made the first time from the package index. */
export async function pythonEnvironment(requirements: string): Promise<string> {
  const versions = (await readFile(requirements, 'utf8')).trim().replaceAll('\n', '_').replaceAll('==', '-')
  const folder = await cached(`python-${versions}`, async (partial) => {
    const python = await requireCommand('python3', 'python3 python3-venv')
    // A virtual environment is moved after it was made: its scripts name the old place, but its interpreter finds its libraries by its own.
    await run(python, ['-m', 'venv', partial])
    await run(path.join(partial, 'bin/python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ])
  })
  return path.join(folder, 'bin/python')
}
