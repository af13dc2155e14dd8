import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  batchSizeAt,
  checksum,
  currentMagic,
  headerBytes,
  lastOffsetAt,
  lengthPrefixBytes,
  readHeader,
} from '../../log/batch-header.ts'
import type { ProducerState } from '../../log/producer-state.ts'
import { noTimestamp, type Segment, type SegmentRead, type StoredBatch } from '../segment.ts'
import { StorageFailed } from '../storage-failed.ts'
import { type Checkpoint, checkpointFormat, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { namesIn } from './directory-names.ts'
import type { GroupCommit } from './group-commit.ts'
import { LogFile } from './log-file.ts'
import { indexIntervalBytes, SparseIndex } from './sparse-index.ts'
import { storedBatches } from './stored-batches.ts'

/** Twenty digits, as Kafka names them: sorted by name is sorted by offset. */
export function segmentName(baseOffset: bigint): string {
  return String(baseOffset).padStart(20, '0')
}

export interface SegmentOptions {
  readonly commit: GroupCommit
  readonly room: (bytes: number) => number
}

/** One segment in a file. In memory there is only its sparse index. */
export class FileSegment implements Segment {
  readonly baseOffset: bigint
  readonly #options: SegmentOptions
  #path: string
  #file: LogFile | undefined
  #index = new SparseIndex()
  #sizeBytes = 0
  #nextOffset: bigint
  #firstTimestamp = noTimestamp
  #maxTimestamp = noTimestamp
  /** How much of it the latest checkpoint covers. */
  #knownBytes = 0
  #flushedBytes = 0
  #isRemoved = false

  /** @param base - the file's path without its ending. */
  constructor(base: string, baseOffset: bigint, options: SegmentOptions, isNew: boolean, ending = '.log') {
    this.baseOffset = baseOffset
    this.#path = base
    this.#options = options
    this.#nextOffset = baseOffset
    if (isNew) this.#file = new LogFile(`${base}${ending}`, ending === '.log' ? 'wx+' : 'w+')
  }

  get nextOffset(): bigint {
    return this.#nextOffset
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get firstTimestamp(): bigint {
    return this.#firstTimestamp
  }

  get maxTimestamp(): bigint {
    return this.#maxTimestamp
  }

  /** Bytes that recovery would have to read. */
  get uncheckedBytes(): number {
    return this.#sizeBytes - this.#knownBytes
  }

  /** Compaction wrote it: offsets are missing, at its end too. */
  get mayHaveGaps(): boolean {
    return existsSync(`${this.#path}.compacted`)
  }

  /**
   * Finds out what the file of an earlier process holds: what its checkpoint says, and every whole batch behind it.
   *
   * @returns how many bytes behind the last whole batch were cut off.
   */
  recover(producers: ProducerState): number {
    const fileBytes = statSync(`${this.#path}.log`).size
    const checkpoint = readCheckpoint(`${this.#path}.checkpoint`, fileBytes)
    if (checkpoint) this.#believe(checkpoint, producers)
    // One that speaks of more than there is would be believed when the file has grown again, with other bytes.
    else rmSync(`${this.#path}.checkpoint`, { force: true })
    if (this.#sizeBytes === fileBytes) return 0
    const file = this.#open()
    const { mayHaveGaps } = this
    for (const batch of storedBatches(file, this.#sizeBytes, fileBytes)) {
      const header = readHeader(batch.bytes)
      // The checksum covers neither the format nor the offset.
      const isWhole = header.magic === currentMagic && header.crc === checksum(batch.bytes, batch.bytes.length)
      const isNext = batch.baseOffset === this.#nextOffset || (mayHaveGaps && batch.baseOffset > this.#nextOffset)
      if (!isWhole || !isNext) break
      this.#note(batch)
      producers.found(batch.bytes, header)
    }
    file.truncate(this.#sizeBytes)
    return fileBytes - this.#sizeBytes
  }

  append(batch: StoredBatch): void {
    this.#options.commit.mustBeSound()
    const file = this.#open()
    file.write(batch.bytes, this.#sizeBytes, this.#options.room(batch.bytes.length))
    this.#note(batch)
    this.#options.commit.wrote(file)
  }

  read(offset: bigint, maxBytes: number, atLeastOne: boolean): SegmentRead {
    // Compaction may have left nothing of it.
    const isBehind = offset >= this.#nextOffset || this.#sizeBytes === 0
    if (isBehind) return { batches: [], sizeBytes: 0, reachesEnd: true }
    if (maxBytes <= 0 && !atLeastOne) return { batches: [], sizeBytes: 0, reachesEnd: false }
    const position = this.#index.positionOf(Number(offset - this.baseOffset))
    const limit = Math.max(0, maxBytes)
    const window = this.#window(position, indexIntervalBytes + headerBytes + limit)
    let start = 0
    while (this.#lastOffsetAt(window, start) < offset) start += this.#batchSizeAt(window, start)
    let end = start
    while (window.length - end >= headerBytes) {
      const next = end + this.#batchSizeAt(window, end)
      if (next > window.length || next - start > limit) break
      end = next
    }
    // A batch that is larger than all limits is read for itself.
    const isAlone = end === start && atLeastOne
    const found = isAlone
      ? this.#window(position + start, this.#batchSizeAt(window, start))
      : window.subarray(start, end)
    const reachesEnd = position + start + found.length === this.#sizeBytes
    return { batches: found.length === 0 ? [] : [found], sizeBytes: found.length, reachesEnd }
  }

  *batchesFrom(offset: bigint): Iterable<StoredBatch> {
    const position = this.#index.positionOf(Number(offset - this.baseOffset))
    for (const batch of storedBatches(this.#open(), position, this.#sizeBytes))
      if (batch.lastOffset >= offset) yield batch
  }

  batchesSince(timestampMs: bigint): Iterable<StoredBatch> {
    return storedBatches(this.#open(), this.#index.positionSince(Number(timestampMs)), this.#sizeBytes)
  }

  /**
   * Notes that everything up to here is whole. What is appended meanwhile is not part of it.
   *
   * @param flushLog - brings the whole log to the disk: a producer may have written to a later segment. Were that lost in
   * a power cut, and the checkpoint not, the producer would be told that what it sends again is there already.
   */
  async checkpoint(producers: ProducerState, flushLog: () => Promise<void>): Promise<void> {
    if (this.#sizeBytes === this.#knownBytes) return
    this.#knownBytes = this.#sizeBytes
    const known: Checkpoint = {
      format: checkpointFormat,
      sizeBytes: this.#sizeBytes,
      nextOffset: String(this.#nextOffset),
      firstTimestamp: String(this.#firstTimestamp),
      maxTimestamp: String(this.#maxTimestamp),
      index: this.#index.snapshot(),
      producers: producers.snapshot(),
    }
    const frozen = JSON.stringify(known)
    await flushLog()
    this.#options.commit.mustBeSound()
    if (!this.#isRemoved) writeCheckpoint(`${this.#path}.checkpoint`, frozen)
  }

  /** @throws {StorageFailed} and nothing is written any more then, whoever asked for it. */
  async flush(): Promise<void> {
    const sizeBytes = this.#sizeBytes
    if (sizeBytes === this.#flushedBytes) return
    try {
      await this.#file?.flush()
      this.#flushedBytes = sizeBytes
    } catch (error) {
      this.#options.commit.failed(error as StorageFailed)
      throw error
    }
  }

  remove(): void {
    this.#isRemoved = true
    this.close()
    for (const ending of ['.checkpoint', '.compacted', '.log']) rmSync(`${this.#path}${ending}`, { force: true })
  }

  /** Brings it to the disk with a mark that its offsets have gaps, before it takes the place of others. */
  async finishCompacted(): Promise<void> {
    await this.flush()
    writeFileSync(`${this.#path}.compacted`, '')
    await namesIn(path.dirname(this.#path)).flush()
  }

  /** Another file takes its name; this one is gone with that. */
  makeWay(): void {
    this.#isRemoved = true
    this.close()
    // It must go first: it would call bytes of the other file whole that it never saw.
    rmSync(`${this.#path}.checkpoint`, { force: true })
  }

  close(): void {
    this.#file?.close()
  }

  #believe(checkpoint: Checkpoint, producers: ProducerState): void {
    this.#sizeBytes = checkpoint.sizeBytes
    this.#knownBytes = checkpoint.sizeBytes
    this.#flushedBytes = checkpoint.sizeBytes
    this.#nextOffset = BigInt(checkpoint.nextOffset)
    this.#firstTimestamp = BigInt(checkpoint.firstTimestamp)
    this.#maxTimestamp = BigInt(checkpoint.maxTimestamp)
    this.#index = new SparseIndex(checkpoint.index)
    producers.restore(checkpoint.producers)
  }

  #note({ baseOffset, lastOffset, maxTimestamp, bytes }: StoredBatch): void {
    this.#index.note(Number(baseOffset - this.baseOffset), this.#sizeBytes, Number(this.#maxTimestamp))
    if (this.#sizeBytes === 0) this.#firstTimestamp = maxTimestamp
    if (maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = maxTimestamp
    this.#sizeBytes += bytes.length
    this.#nextOffset = lastOffset + 1n
  }

  #window(position: number, wantedBytes: number): Buffer {
    const length = Math.min(wantedBytes, this.#sizeBytes - position)
    const window = this.#open().read(length, position)
    if (window.length < length) throw new StorageFailed(`${this.#path}.log is shorter than it was`)
    return window
  }

  /** What was whole when it was written, the disk may have changed since: a length of nothing would be stepped over for ever. */
  #batchSizeAt(window: Buffer, position: number): number {
    const sizeBytes = window.length - position < lengthPrefixBytes ? 0 : batchSizeAt(window, position)
    if (sizeBytes < headerBytes) throw this.#damaged()
    return sizeBytes
  }

  #lastOffsetAt(window: Buffer, position: number): bigint {
    if (window.length - position < headerBytes) throw this.#damaged()
    return lastOffsetAt(window, position)
  }

  #damaged(): StorageFailed {
    return new StorageFailed(`${this.#path}.log is damaged: a batch does not have the length that it claims`)
  }

  #open(): LogFile {
    this.#file ??= new LogFile(`${this.#path}.log`, 'r+')
    return this.#file
  }
}
