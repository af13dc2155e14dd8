import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { diskIsFull, StorageFailed } from '../storage-failed.ts'

const flushToDisk = promisify(fdatasync)

/**
 * One open file. Reads and writes are synchronous: they go to the page cache, take microseconds, and whoever appends
 * needs no lock. Only the way from there to the disk is worth waiting for.
 */
export class LogFile {
  readonly path: string
  readonly #fd: number
  #flushing = 0
  #isClosed = false

  /** @param flags - as of `fs.open`; `wx+` for a file that must be new. */
  constructor(path: string, flags: 'r+' | 'w+' | 'wx+') {
    this.path = path
    try {
      this.#fd = openSync(path, flags)
    } catch (cause) {
      throw new StorageFailed(`${path} cannot be opened`, { cause })
    }
  }

  get sizeBytes(): number {
    return fstatSync(this.#fd).size
  }

  /**
   * @param roomBytes - what a staged disk still takes.
   * @throws {StorageFailed} after cutting off what was written of `bytes`.
   */
  write(bytes: Buffer, position: number, roomBytes: number = bytes.length): void {
    this.#mustBeOpen()
    try {
      const wanted = Math.min(bytes.length, roomBytes)
      for (let written = 0; written < wanted; )
        written += writeSync(this.#fd, bytes, written, wanted - written, position + written)
      if (wanted < bytes.length) throw diskIsFull()
    } catch (cause) {
      this.#cutOff(position)
      throw new StorageFailed(`${this.path} cannot be written`, { cause })
    }
  }

  /** As many of the bytes from `position` on as there are, at most `length`. */
  read(length: number, position: number): Buffer {
    this.#mustBeOpen()
    const bytes = Buffer.allocUnsafe(length)
    let read = 0
    while (read < length) {
      const got = readSync(this.#fd, bytes, read, length - read, position + read)
      if (got === 0) break
      read += got
    }
    return read === length ? bytes : bytes.subarray(0, read)
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.#fd, sizeBytes)
  }

  /** Resolves when everything that was written before the call is on the disk. */
  async flush(): Promise<void> {
    if (this.#isClosed) return
    this.#flushing += 1
    try {
      await flushToDisk(this.#fd)
    } catch (cause) {
      throw new StorageFailed(`${this.path} cannot be flushed to the disk`, { cause })
    } finally {
      this.#flushing -= 1
      if (this.#isClosed && this.#flushing === 0) closeSync(this.#fd)
    }
  }

  /** The same for a caller that cannot wait: nothing else happens meanwhile. */
  flushNow(): void {
    fdatasyncSync(this.#fd)
  }

  /** A flush that runs is waited for: its descriptor's number would be given to another file meanwhile. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#flushing === 0) closeSync(this.#fd)
  }

  /** Where even that fails, the next write goes over it, and a restart finds that it is no whole batch. */
  #cutOff(position: number): void {
    try {
      ftruncateSync(this.#fd, position)
    } catch {}
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StorageFailed(`${this.path} is closed`)
  }
}
