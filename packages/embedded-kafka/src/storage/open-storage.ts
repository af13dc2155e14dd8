import { type EmbeddedKafkaOptions, EmbeddedKafkaOptionsError } from '../options.ts'
import { DirectoryInUse } from './files/directory-lock.ts'
import { FileStorage, ForeignDirectory } from './files/file-storage.ts'
import { MemoryStorage } from './memory-storage.ts'
import type { DiskRoom, Storage } from './storage.ts'

/** @throws {EmbeddedKafkaOptionsError} when the directory belongs to somebody else. */
export function openStorage(
  { dataDir, flush = 'system' }: EmbeddedKafkaOptions,
  room: DiskRoom,
  warn: (message: string) => void,
): Storage {
  if (dataDir === undefined) return new MemoryStorage(room)
  try {
    return new FileStorage({ directory: dataDir, flush, room, warn })
  } catch (error) {
    if (error instanceof DirectoryInUse || error instanceof ForeignDirectory)
      throw new EmbeddedKafkaOptionsError([`dataDir cannot be used: ${error.message}`])
    throw error
  }
}
