import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cached, infraDir } from '../host/cache.ts'
import { requireCommand, run } from '../host/command.ts'

const folder = path.join(infraDir, 'python')

/** A record as `infra/python/read_events.py` sees it. */
export interface ForeignRecord {
  readonly key: string | null
  readonly headers: Readonly<Record<string, string | null>>
  readonly envelope: Readonly<Record<string, unknown>>
}

/** Every record of a topic, read and decoded by Python libraries that know nothing of this project. `schemaFile` holds the envelope's schema. */
export async function readWithPython(brokers: string, topic: string, schemaFile: string): Promise<ForeignRecord[]> {
  const python = path.join(await environment(), 'bin/python')
  const output = await run(python, [path.join(folder, 'read_events.py'), brokers, topic, schemaFile])
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ForeignRecord)
}

/** A virtual environment with the pinned libraries, made the first time from the package index. */
async function environment(): Promise<string> {
  const requirements = path.join(folder, 'requirements.txt')
  const versions = (await readFile(requirements, 'utf8')).trim().replaceAll('\n', '_').replaceAll('==', '-')
  return cached(`python-${versions}`, async (partial) => {
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
}
