import type { Socket } from 'node:net'
import type { WriteAnswer } from '../protocol/api.ts'
import { Writer } from '../protocol/writer.ts'

/** A client that does not read its answers gets no further ones beyond this. */
const maxUnsentBytes = 4 * 1024 * 1024
const lengthBytes = 4

/** Sends frames over one connection, no faster than they are read at the other end. */
export class Sender {
  readonly #socket: Socket
  #isHeldBack = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Whether it waits for a client that leaves its answers unread. */
  get isHeldBack(): boolean {
    return this.#isHeldBack
  }

  /**
   * Resolves when the client may be served again: at once, unless it leaves its answers unread.
   *
   * @param bytes - how much of the frame is sent; all of it by default.
   */
  async send(write: WriteAnswer, bytes?: number): Promise<void> {
    if (this.#socket.destroyed) return
    const writer = new Writer()
    writer.int32(0)
    write(writer)
    const frame = writer.buffers()
    // The length stands in the first buffer and not in one of its own: most answers are one buffer then, and cost one plain write.
    frame[0]?.writeInt32BE(writer.length - lengthBytes)
    this.#socket.cork()
    for (const buffer of bytes === undefined ? frame : [Buffer.concat(frame).subarray(0, bytes)])
      this.#socket.write(buffer)
    this.#socket.uncork()
    if (this.#socket.writableLength <= maxUnsentBytes) return
    this.#isHeldBack = true
    await this.#drained()
    this.#isHeldBack = false
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
    })
  }
}
