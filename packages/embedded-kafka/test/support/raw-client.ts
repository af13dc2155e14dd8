/** A client that says exactly what a test wants: one connection, any API in any version, wrong bytes too. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ApiName, apis } from '../../src/api/catalogue.ts'
import type { Api } from '../../src/protocol/api.ts'
import { Reader } from '../../src/protocol/reader.ts'
import { Writer } from '../../src/protocol/writer.ts'

export class RawClient implements Disposable {
  readonly socket: Socket
  /** Resolves when the broker has closed the connection. */
  readonly closed: Promise<void>
  readonly clientId: string
  #received: Buffer = Buffer.alloc(0)
  /** Without a correlation id where the answer has none. */
  #waiting: { correlationId: number | null; resolve: (body: Buffer) => void; reject: (error: Error) => void }[] = []
  #nextCorrelationId = 1

  constructor(socket: Socket, clientId: string) {
    this.socket = socket
    this.clientId = clientId
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.on('error', () => {})
    socket.on('close', () => {
      resolve()
      for (const { reject } of this.#waiting) reject(new Error('the broker closed the connection'))
    })
    socket.on('data', (chunk) => this.#receive(chunk))
  }

  /** Sends a request and resolves with its answer's fields. Fields that are left out get their fallbacks. */
  async ask<T = Record<string, unknown>>(name: ApiName, version: number, request: object): Promise<T> {
    const api = apiNamed(name)
    const layout = { version, flexible: version >= api.flexibleSince }
    const body = await this.exchange(encodeRequest(api, version, request, this.#nextCorrelationId, this.clientId))
    const reader = new Reader(body)
    reader.int32()
    if (layout.flexible && name !== 'ApiVersions') reader.unsignedVarint()
    return api.response.read(reader, layout) as T
  }

  /** Sends one frame as it is and resolves with the whole answer, correlation id included. */
  exchange(frame: Buffer): Promise<Buffer> {
    const correlationId = this.#nextCorrelationId++
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    this.#waiting.push({ correlationId, resolve, reject })
    this.send(frame)
    return promise
  }

  /** Resolves with the next answer, which has no header. */
  bareAnswer(): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    this.#waiting.push({ correlationId: null, resolve, reject })
    return promise
  }

  send(frame: Buffer): void {
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(frame.length)
    this.socket.write(Buffer.concat([prefix, frame]))
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0)
      if (this.#received.length < length + 4) return
      const body = this.#received.subarray(4, length + 4)
      this.#received = this.#received.subarray(length + 4)
      const waiting = this.#waiting.shift()
      if (!waiting) throw new Error('an answer came that nobody asked for')
      if (waiting.correlationId === null || body.readInt32BE(0) === waiting.correlationId) waiting.resolve(body)
      else waiting.reject(new Error(`answer ${body.readInt32BE(0)} came in place of ${waiting.correlationId}`))
    }
  }
}

export async function connectRaw(address: string | undefined, clientId = 'raw'): Promise<RawClient> {
  const [host = '', port = ''] = (address ?? '').split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  return new RawClient(socket, clientId)
}

export function encodeRequest(
  api: Api,
  version: number,
  request: object,
  correlationId: number,
  clientId: string,
): Buffer {
  const layout = { version, flexible: version >= api.flexibleSince }
  const writer = new Writer()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  writer.int16(Buffer.byteLength(clientId))
  writer.bytes(Buffer.from(clientId))
  if (layout.flexible) writer.unsignedVarint(0)
  api.request.write(writer, request, layout)
  return Buffer.concat(writer.buffers())
}

export function apiNamed(name: ApiName): Api {
  const api = [...apis.values()].find((each) => each.name === name)
  if (!api) throw new Error(`there is no API ${name}`)
  return api
}
