import { MalformedRequest } from '../protocol/malformed-request.ts'

/** Kafka's `socket.request.max.bytes`. */
const maxFrameBytes = 104_857_600
const lengthBytes = 4
/** API key, version and correlation id. */
const minFrameBytes = 8
/** Pieces shorter than this are joined: a sender of single bytes would otherwise cost a hundred times what it sends. */
const smallPieceBytes = 16_384

/** How long a frame may claim to be. A request's by default. */
export interface FrameBounds {
  readonly minBytes?: number
  readonly maxBytes?: number
}

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
    this.#joinSmallPieces()
  }

  /**
   * The next whole frame without its prefix, or undefined while some of it is missing.
   *
   * @throws {MalformedRequest} when the claimed length cannot be a request's.
   */
  next({ minBytes = minFrameBytes, maxBytes = maxFrameBytes }: FrameBounds = {}): Buffer | undefined {
    this.#wantedBytes ??= this.#readLength(minBytes, maxBytes)
    if (this.#wantedBytes === undefined || this.#bufferedBytes < this.#wantedBytes) return undefined
    const frame = this.#take(this.#wantedBytes)
    this.#wantedBytes = undefined
    return frame.subarray(lengthBytes)
  }

  /**
   * A piece is joined with the one before it once it is as long, so that lengths fall by half from piece to piece: there are few, and
   * no byte is copied more often than sixteen times. To join all of them now and then would copy a large frame's beginning again and again.
   */
  #joinSmallPieces(): void {
    const chunks = this.#chunks
    for (;;) {
      const [previous, last] = [chunks.at(-2), chunks.at(-1)]
      if (!previous || !last || last.length < previous.length || previous.length >= smallPieceBytes) return
      chunks.splice(-2, 2, Buffer.concat([previous, last]))
    }
  }

  #readLength(minBytes: number, maxBytes: number): number | undefined {
    if (this.#bufferedBytes < lengthBytes) return undefined
    const first = this.#chunks[0] as Buffer
    const prefix = first.length >= lengthBytes ? first : Buffer.concat(this.#chunks.slice(0, lengthBytes))
    const length = prefix.readInt32BE(0)
    if (length < minBytes || length > maxBytes)
      throw new MalformedRequest(`a frame claims ${length} bytes; between ${minBytes} and ${maxBytes} are possible`)
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
