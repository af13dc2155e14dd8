/**
 * What is known of the first bytes of a segment: that they are whole and on the disk, what the index says of them, and
 * what producers had written up to there. Recovery believes it and reads on behind it. Without one it reads everything.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { ProducerSnapshot } from '../../log/producer-state.ts'
import type { IndexSnapshot } from './sparse-index.ts'

/** One that another version of this file wrote is not believed. */
export const checkpointFormat = 2

export interface Checkpoint {
  readonly format: typeof checkpointFormat
  readonly sizeBytes: number
  readonly nextOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly index: IndexSnapshot
  readonly producers: ProducerSnapshot
}

export function writeCheckpoint(path: string, checkpoint: string): void {
  const temporary = `${path}.tmp`
  writeFileSync(temporary, `${crc32(checkpoint)}\n${checkpoint}`)
  renameSync(temporary, path)
}

/** Undefined when there is none, or none that can be believed. */
export function readCheckpoint(path: string, fileBytes: number): Checkpoint | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const lineEnd = text.indexOf('\n')
    const json = text.slice(lineEnd + 1)
    if (Number(text.slice(0, lineEnd)) !== crc32(json)) return undefined
    const checkpoint = JSON.parse(json) as Checkpoint
    const isReadable = checkpoint.format === checkpointFormat && checkpoint.sizeBytes <= fileBytes
    return isReadable ? checkpoint : undefined
  } catch {
    return undefined
  }
}
