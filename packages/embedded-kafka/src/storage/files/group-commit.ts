/** One way to the disk for all that wait for it. */
import { StorageFailed } from '../storage-failed.ts'

export interface Flushable {
  flush(): Promise<void>
}

export class GroupCommit {
  readonly #written = new Set<Flushable>()
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #failure: StorageFailed | undefined
  readonly #isWanted: boolean

  /** @param isWanted - where it is not, the operating system decides when bytes go to the disk, and nobody waits. */
  constructor(isWanted: boolean) {
    this.#isWanted = isWanted
  }

  /**
   * A flush failed. Nobody knows what is on the disk then, and the operating system tells of it once only: the next flush
   * of that file would succeed without its bytes. So nothing is written or told any more until a restart finds out, as
   * Kafka takes a log directory offline.
   */
  failed(failure: StorageFailed): void {
    this.#failure ??= failure
  }

  /** @throws {StorageFailed} after a flush that failed. */
  mustBeSound(): void {
    if (this.#failure) throw unsound(this.#failure)
  }

  wrote(file: Flushable): void {
    if (this.#isWanted) this.#written.add(file)
  }

  /**
   * Resolves when everything that was written before the call is on the disk; undefined when it is already.
   *
   * A flush that runs is not enough for what was written after it began: A writes and starts a flush, B writes, the
   * flush ends without B's bytes. So B waits for the next one, together with everybody who comes until that begins.
   *
   * Rejects for everybody after a flush that failed: what can be read in memory may be on no disk.
   */
  flushed(): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(unsound(this.#failure))
    if (this.#next) return this.#next
    if (this.#written.size === 0) return this.#running
    this.#next = (this.#running ?? Promise.resolve()).then(() => this.#flush())
    return this.#next
  }

  async #flush(): Promise<void> {
    const files = [...this.#written]
    this.#written.clear()
    const own = this.#next
    this.#running = own
    this.#next = undefined
    try {
      this.mustBeSound()
      await Promise.all(files.map((file) => file.flush()))
    } catch (error) {
      this.failed(error as StorageFailed)
      throw error
    } finally {
      if (this.#running === own) this.#running = undefined
    }
  }
}

function unsound(cause: StorageFailed): StorageFailed {
  return new StorageFailed('an earlier flush to the disk failed', { cause })
}
