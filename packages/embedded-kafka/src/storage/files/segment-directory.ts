/** The directory of one partition: `<topic>-<partition>/<base offset>.log`, and a checkpoint beside each. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { ProducerState } from '../../log/producer-state.ts'
import type { Rewrite, Segment, SegmentStore } from '../segment.ts'
import { namesIn } from './directory-names.ts'
import { FileSegment, type SegmentOptions, segmentName } from './segment-file.ts'

/** After a crash at most this much of a log is read to find its end. */
const bytesBetweenCheckpoints = 67_108_864

export interface SegmentDirectoryOptions extends SegmentOptions {
  readonly warn: (message: string) => void
}

export class SegmentDirectory implements SegmentStore {
  readonly #path: string
  readonly #options: SegmentDirectoryOptions
  #segments: readonly FileSegment[]
  #active: FileSegment
  #checkpoints: Promise<void> = Promise.resolve()

  constructor(directory: string, startOffset: bigint, producers: ProducerState, options: SegmentDirectoryOptions) {
    this.#path = directory
    this.#options = options
    if (mkdirSync(directory, { recursive: true })) options.commit.wrote(namesIn(path.dirname(directory)))
    this.#segments = this.#recover(producers)
    this.#active = this.#segments.at(-1) ?? this.#create(startOffset)
    if (this.#segments.length === 0) this.#segments = [this.#active]
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get active(): Segment {
    return this.#active
  }

  roll(baseOffset: bigint, producers: ProducerState): void {
    const ended = this.#active
    this.#active = this.#create(baseOffset)
    this.#segments = [...this.#segments, this.#active]
    this.#checkpoint(ended, producers)
  }

  appended(producers: ProducerState): void {
    if (this.#active.uncheckedBytes >= bytesBetweenCheckpoints) this.#checkpoint(this.#active, producers)
  }

  remove(segments: readonly Segment[]): void {
    const removed = this.#segments.filter((segment) => segments.includes(segment))
    this.#segments = this.#segments.filter((segment) => !removed.includes(segment))
    for (const segment of removed) segment.remove()
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#segments.map((segment) => segment.flush()), namesIn(this.#path).flush()])
  }

  rewrite(baseOffset: bigint): Rewrite {
    const base = path.join(this.#path, segmentName(baseOffset))
    const cleaned = new FileSegment(base, baseOffset, this.#options, true, '.cleaned')
    const discard = (): void => {
      cleaned.close()
      rmSync(`${base}.cleaned`, { force: true })
    }
    return {
      append: (batch) => cleaned.append(batch),
      discard,
      replace: async (replaced, producers) => {
        await cleaned.finishCompacted()
        const at = this.#segments.indexOf(replaced[0] as FileSegment)
        const old = this.#segments.slice(at, at + replaced.length)
        if (at < 0 || replaced.some((segment, index) => segment !== old[index])) {
          discard()
          return false
        }
        // A crash between these steps leaves segments that begin before the end of the one before them, or hold only
        // records that have later ones: recovery removes the former, the next compaction the latter.
        old[0]?.makeWay()
        renameSync(`${base}.cleaned`, `${base}.log`)
        for (const segment of old.slice(1)) segment.remove()
        this.#segments = this.#segments.toSpliced(at, old.length, cleaned)
        this.#checkpoint(cleaned, producers)
        return true
      },
    }
  }

  destroy(): void {
    for (const segment of this.#segments) segment.remove()
    this.#segments = []
    rmSync(this.#path, { recursive: true, force: true })
  }

  async close(producers: ProducerState): Promise<void> {
    this.#checkpoint(this.#active, producers)
    await this.#checkpoints
    for (const segment of this.#segments) segment.close()
  }

  #create(baseOffset: bigint): FileSegment {
    const created = new FileSegment(path.join(this.#path, segmentName(baseOffset)), baseOffset, this.#options, true)
    this.#options.commit.wrote(namesIn(this.#path))
    return created
  }

  /** In the background: the log goes on meanwhile. */
  #checkpoint(segment: FileSegment, producers: ProducerState): void {
    const noted = segment
      .checkpoint(producers, () => this.flush())
      .catch((error: unknown) => this.#options.warn(`no checkpoint in ${this.#path}: ${String(error)}`))
    this.#checkpoints = this.#checkpoints.then(() => noted)
  }

  /** The segments that an earlier process left, up to the first place where they do not go on. */
  #recover(producers: ProducerState): FileSegment[] {
    const names = readdirSync(this.#path).toSorted()
    for (const name of names)
      if (name.endsWith('.cleaned') || name.endsWith('.tmp')) rmSync(path.join(this.#path, name))
    const found = names
      .filter((name) => /^\d{20}\.log$/.test(name))
      .map((name) => BigInt(name.slice(0, -'.log'.length)))
      .map((baseOffset) => {
        const base = path.join(this.#path, segmentName(baseOffset))
        return new FileSegment(base, baseOffset, this.#options, false)
      })
    const segments: FileSegment[] = []
    let isTorn = false
    for (const segment of found) {
      const previous = segments.at(-1)
      const isLeftover = previous !== undefined && segment.baseOffset < previous.nextOffset
      // The one before may have lost whole batches, which it does not show itself.
      if (previous && segment.baseOffset > previous.nextOffset && !previous.mayHaveGaps) isTorn = true
      if (isTorn || isLeftover) {
        segment.remove()
        continue
      }
      const cutBytes = segment.recover(producers)
      segments.push(segment)
      if (cutBytes === 0) continue
      isTorn = true
      this.#options.warn(
        `${this.#path}: ${cutBytes} bytes behind offset ${segment.nextOffset - 1n} were no whole batch and are cut off`,
      )
    }
    return segments
  }
}
