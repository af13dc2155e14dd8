/** A partition with one record takes little, and what the last slab of a long one has too much is little beside the others. */
const smallestBytes = 1_024
const largestBytes = 1_048_576

/** Memory in which what comes later lies behind what came before it, so that neighbours can be sent as one. */
export class Slabs {
  #slab: Buffer = Buffer.alloc(0)
  #usedBytes = 0

  /** A copy: what comes over a connection is a part of larger buffers, which would stay alive with it. */
  copyOf(bytes: Buffer): Buffer {
    // The end of a slab that has no room for the next one stays empty: less than a quarter of it.
    if (bytes.length > largestBytes / 4) return Buffer.from(bytes)
    if (bytes.length > this.#slab.length - this.#usedBytes) this.#begin(bytes.length)
    const copy = this.#slab.subarray(this.#usedBytes, this.#usedBytes + bytes.length)
    copy.set(bytes)
    this.#usedBytes += bytes.length
    return copy
  }

  #begin(neededBytes: number): void {
    const grownBytes = Math.min(Math.max(smallestBytes, 2 * this.#slab.length), largestBytes)
    this.#slab = Buffer.allocUnsafeSlow(Math.max(grownBytes, neededBytes))
    this.#usedBytes = 0
  }
}

/** The same bytes in as few buffers as can be: those that lie behind each other in memory become one. */
export function joined(pieces: readonly Buffer[]): Buffer[] {
  const found: Buffer[] = []
  let start = 0
  while (start < pieces.length) {
    const { buffer, byteOffset } = pieces[start] as Buffer
    let end = byteOffset
    for (; start < pieces.length; start++) {
      const next = pieces[start] as Buffer
      if (next.buffer !== buffer || next.byteOffset !== end) break
      end += next.length
    }
    found.push(Buffer.from(buffer, byteOffset, end - byteOffset))
  }
  return found
}
