import { open } from 'node:fs/promises'
import { StorageFailed } from '../storage-failed.ts'
import type { Flushable } from './group-commit.ts'

/** The names in a directory: a new file that was flushed is lost all the same when its name is not on the disk. */
export function namesIn(directory: string): Flushable {
  return {
    async flush() {
      try {
        await using handle = await open(directory, 'r')
        await handle.sync()
      } catch (cause) {
        // Deleted meanwhile, with all the names in it.
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
        throw new StorageFailed(`${directory} cannot be flushed to the disk`, { cause })
      }
    },
  }
}
