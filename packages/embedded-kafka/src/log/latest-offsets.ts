import { createHash } from 'node:crypto'

/** Longer keys are remembered by a hash of this many bytes, as Kafka remembers all of them. */
const longestKeptKey = 16

/** Which offset is the last of each key. Bounded: a log with more keys is compacted piece by piece. */
export class LatestOffsets {
  readonly #byKey = new Map<string, bigint>()
  readonly #maxKeys: number

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get isFull(): boolean {
    return this.#byKey.size >= this.#maxKeys
  }

  note(key: Buffer, offset: bigint): void {
    this.#byKey.set(nameOf(key), offset)
  }

  /** Whether a later record has this key. */
  isSuperseded(key: Buffer, offset: bigint): boolean {
    const latest = this.#byKey.get(nameOf(key))
    return latest !== undefined && latest > offset
  }
}

function nameOf(key: Buffer): string {
  if (key.length <= longestKeptKey) return key.toString('latin1')
  // One byte longer than any short key, so that a hash is never taken for a key.
  return `#${createHash('sha256').update(key).digest().toString('latin1', 0, longestKeptKey)}`
}
