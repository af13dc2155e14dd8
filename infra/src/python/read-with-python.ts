import path from 'node:path'
import { infraDir } from '../host/cache.ts'
import { run } from '../host/command.ts'
import { pythonEnvironment } from './environment.ts'

const folder = path.join(infraDir, 'python')

/** A record as `infra/python/read_events.py` sees it. */
export interface ForeignRecord {
  readonly key: string | null
  readonly headers: Readonly<Record<string, string | null>>
  readonly envelope: Readonly<Record<string, unknown>>
}

/** Every record of a topic, read and decoded by Python libraries that know nothing of this project. `schemaFile` holds the envelope's schema. */
export async function readWithPython(brokers: string, topic: string, schemaFile: string): Promise<ForeignRecord[]> {
  const python = await pythonEnvironment(path.join(folder, 'requirements.txt'))
  const output = await run(python, [path.join(folder, 'read_events.py'), brokers, topic, schemaFile])
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ForeignRecord)
}
