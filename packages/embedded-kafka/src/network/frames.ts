import { MalformedRequest } from '../protocol/malformed-request.ts'

/** Kafka's `socket.request.max.bytes`. */
const maxFrameBytes = 104_857_600
const lengthBytes = 4
/** Beyond this many pieces they are joined: a sender of single bytes would otherwise cost a hundred times what it sends. */
const maxPieces = 1_024
/** API key, version and correlation id. */
const minFrameBytes = 8

/**
 * Cuts the bytes of a connection into frames.
 * A length prefix allocates nothing: what is held is what was really sent.
 */
export class Frames {
  #chunks: Buffer[] = []
  #bufferedBytes = 0
  /** The length that the frame at the front claims, prefix included, once its prefix is there. */
  #wantedBytes: number | undefined

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
    if (this.#chunks.length > maxPieces) this.#chunks = [Buffer.concat(this.#chunks, this.#bufferedBytes)]
  }

  /**
   * The next whole frame without its prefix, or undefined while some of it is missing.
   *
   * @param minBytes the shortest that makes sense; a request's by default
   * @throws {MalformedRequest} when the claimed length cannot be a request's.
   */
  next(minBytes: number = minFrameBytes): Buffer | undefined {
    this.#wantedBytes ??= this.#readLength(minBytes)
    if (this.#wantedBytes === undefined || this.#bufferedBytes < this.#wantedBytes) return undefined
    const frame = this.#take(this.#wantedBytes)
    this.#wantedBytes = undefined
    return frame.subarray(lengthBytes)
  }

  #readLength(minBytes: number): number | undefined {
    if (this.#bufferedBytes < lengthBytes) return undefined
    const first = this.#chunks[0] as Buffer
    const prefix = first.length >= lengthBytes ? first : Buffer.concat(this.#chunks.slice(0, lengthBytes))
    const length = prefix.readInt32BE(0)
    if (length < minBytes || length > maxFrameBytes)
      throw new MalformedRequest(
        `a frame claims ${length} bytes; between ${minBytes} and ${maxFrameBytes} are possible`,
      )
    return length + lengthBytes
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0] as Buffer
    const all = first.length >= length ? first : Buffer.concat(this.#chunks, this.#bufferedBytes)
    if (all !== first) this.#chunks = [all]
    if (all.length === length) this.#chunks.shift()
    else this.#chunks[0] = all.subarray(length)
    this.#bufferedBytes -= length
    return all.subarray(0, length)
  }
}
