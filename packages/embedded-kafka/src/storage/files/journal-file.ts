/**
 * The journal: a file of lines, each a checksum and `[key, value]` in JSON. The last line of a key counts; null removes
 * it. When most lines are superseded, the file is written anew beside itself and takes its own place.
 */
import { existsSync, renameSync } from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Journal, JournalKey, JsonValue } from '../storage.ts'
import { namesIn } from './directory-names.ts'
import type { GroupCommit } from './group-commit.ts'
import { LogFile } from './log-file.ts'

/** Not worth rewriting below this. */
const fewLines = 1_000

export interface JournalOptions {
  readonly commit: GroupCommit
  readonly room: (bytes: number) => number
  readonly warn: (message: string) => void
}

export class JournalFile implements Journal {
  readonly #path: string
  readonly #options: JournalOptions
  /** The line of each key. */
  readonly #lines = new Map<string, Buffer>()
  #file: LogFile
  #sizeBytes = 0
  #lineCount = 0

  constructor(file: string, options: JournalOptions) {
    this.#path = file
    this.#options = options
    const isNew = !existsSync(file)
    this.#file = new LogFile(file, isNew ? 'wx+' : 'r+')
    if (isNew) options.commit.wrote(namesIn(path.dirname(file)))
    else this.#recover()
  }

  *entries(): Iterable<readonly [JournalKey, JsonValue]> {
    for (const line of this.#lines.values()) yield entryOf(line)
  }

  set(key: JournalKey, value: JsonValue): void {
    const line = lineOf(key, value)
    this.#write(line)
    this.#lines.set(JSON.stringify(key), line)
    this.#rewriteIfWorthwhile()
  }

  delete(key: JournalKey): void {
    const name = JSON.stringify(key)
    if (!this.#lines.has(name)) return
    this.#write(lineOf(key, null))
    this.#lines.delete(name)
    this.#rewriteIfWorthwhile()
  }

  async close(): Promise<void> {
    await this.#file.flush()
    this.#file.close()
  }

  #write(line: Buffer): void {
    this.#options.commit.mustBeSound()
    this.#file.write(line, this.#sizeBytes, this.#options.room(line.length))
    this.#sizeBytes += line.length
    this.#lineCount += 1
    this.#options.commit.wrote(this.#file)
  }

  /** Takes every line up to the first that is torn, and cuts off the rest. */
  #recover(): void {
    const bytes = this.#file.read(this.#file.sizeBytes, 0)
    for (;;) {
      const end = bytes.indexOf(0x0a, this.#sizeBytes) + 1
      if (end === 0) break
      const line = bytes.subarray(this.#sizeBytes, end)
      if (!isWhole(line)) break
      const [key, value] = entryOf(line)
      const name = JSON.stringify(key)
      if (value === null) this.#lines.delete(name)
      else this.#lines.set(name, Buffer.from(line))
      this.#sizeBytes = end
      this.#lineCount += 1
    }
    if (this.#sizeBytes === bytes.length) return
    this.#options.warn(`${this.#path}: the last ${bytes.length - this.#sizeBytes} bytes are torn and are cut off`)
    this.#file.truncate(this.#sizeBytes)
  }

  #rewriteIfWorthwhile(): void {
    if (this.#lineCount < fewLines || this.#lineCount < this.#lines.size * 2) return
    const temporary = `${this.#path}.tmp`
    const file = new LogFile(temporary, 'w+')
    const bytes = Buffer.concat([...this.#lines.values()])
    try {
      file.write(bytes, 0, this.#options.room(bytes.length))
      file.flushNow()
      renameSync(temporary, this.#path)
    } catch {
      // The disk is full, perhaps. The journal as it is serves as well; the next line tries again.
      file.close()
      return
    }
    this.#options.commit.wrote(namesIn(path.dirname(this.#path)))
    this.#file.close()
    this.#file = file
    this.#sizeBytes = bytes.length
    this.#lineCount = this.#lines.size
  }
}

/** A checksum in hex and a space. */
const prefixLength = 9

function lineOf(key: JournalKey, value: JsonValue): Buffer {
  const json = JSON.stringify([key, value])
  return Buffer.from(`${prefixOf(json)}${json}\n`)
}

function isWhole(line: Buffer): boolean {
  return line.toString('latin1', 0, prefixLength) === prefixOf(jsonOf(line))
}

function prefixOf(json: string | Buffer): string {
  return `${crc32(json)
    .toString(16)
    .padStart(prefixLength - 1, '0')} `
}

function entryOf(line: Buffer): [JournalKey, JsonValue] {
  return JSON.parse(jsonOf(line).toString()) as [JournalKey, JsonValue]
}

function jsonOf(line: Buffer): Buffer {
  return line.subarray(prefixLength, -1)
}
