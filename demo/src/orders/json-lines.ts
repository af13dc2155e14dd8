import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { InputError } from './input-error.ts'

/** The objects of a JSON-lines file, plain or gzip (by its name), one at a time. Blank lines are passed over; a bad line is an error that names it. */
export async function* readJsonLines(file: string): AsyncGenerator<Record<string, unknown>> {
  const raw = createReadStream(file)
  const text = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  // A failed read would otherwise end the gunzip stream without a word.
  raw.on('error', (error) => text.destroy(error))
  let number = 0
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      if (line.trim() === '') continue
      yield parseLine(line, `${file}:${number}`)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function parseLine(line: string, where: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new InputError(`${where}: not JSON`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${where}: not a JSON object`)
  return value as Record<string, unknown>
}
