/** A data directory: a lock, the journal, and a directory for each partition. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { ProducerState } from '../../log/producer-state.ts'
import type { SegmentStore } from '../segment.ts'
import type { DiskRoom, Journal, PartitionPlace, Storage } from '../storage.ts'
import { lockDirectory } from './directory-lock.ts'
import { GroupCommit } from './group-commit.ts'
import { JournalFile } from './journal-file.ts'
import { SegmentDirectory } from './segment-directory.ts'

/** Before an answer leaves, or whenever the operating system sees fit. */
export type FlushPolicy = 'each' | 'system'

export interface FileStorageOptions {
  readonly directory: string
  readonly flush: FlushPolicy
  readonly room: DiskRoom
  readonly warn: (message: string) => void
}

const journalName = 'journal'

/** The directory holds files of somebody else. */
export class ForeignDirectory extends Error {
  constructor(directory: string) {
    super(`${directory} holds other things than the data of this broker`)
    this.name = 'ForeignDirectory'
  }
}

export class FileStorage implements Storage {
  readonly journal: Journal
  readonly #options: FileStorageOptions
  readonly #commit: GroupCommit
  readonly #journalFile: JournalFile
  readonly #unlock: () => void

  /**
   * @throws {DirectoryInUse} while another process works there.
   * @throws {ForeignDirectory} when it is neither empty nor ours: partitions that nobody knows would be removed from it.
   */
  constructor(options: FileStorageOptions) {
    this.#options = options
    const { directory, room, warn } = options
    this.#commit = new GroupCommit(options.flush === 'each')
    mkdirSync(directory, { recursive: true })
    const present = readdirSync(directory).filter((name) => !name.startsWith('lock.'))
    if (present.length > 0 && !present.includes(journalName)) throw new ForeignDirectory(directory)
    this.#unlock = lockDirectory(directory)
    this.#journalFile = new JournalFile(path.join(directory, journalName), {
      commit: this.#commit,
      room: (bytes) => room(bytes, {}),
      warn,
    })
    this.journal = this.#journalFile
  }

  openPartition(place: PartitionPlace, startOffset: bigint, producers: ProducerState): SegmentStore {
    return new SegmentDirectory(this.#directoryOf(place), startOffset, producers, {
      commit: this.#commit,
      room: (bytes) => this.#options.room(bytes, place),
      warn: this.#options.warn,
    })
  }

  removeOthers(known: readonly PartitionPlace[]): void {
    const names = new Set(known.map((place) => path.basename(this.#directoryOf(place))))
    for (const entry of readdirSync(this.#options.directory, { withFileTypes: true }))
      if (entry.isDirectory() && /-\d+$/.test(entry.name) && !names.has(entry.name))
        rmSync(path.join(this.#options.directory, entry.name), { recursive: true })
  }

  flushed(): Promise<void> | undefined {
    return this.#commit.flushed()
  }

  async close(): Promise<void> {
    await this.#commit.flushed()?.catch(() => {})
    await this.#journalFile.close()
    this.#unlock()
  }

  #directoryOf({ topic, partition }: PartitionPlace): string {
    return path.join(this.#options.directory, `${topic}-${partition}`)
  }
}
