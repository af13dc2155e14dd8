/** One client's connection: requests are served in order, one at a time, as Kafka does. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { apiVersionsKey, writeUnsupportedVersion } from '../api/api-versions.ts'
import { type ApiName, apis } from '../api/catalogue.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { Turns } from '../cluster/turns.ts'
import type { Faults } from '../faults/faults.ts'
import type { Interception, ShortenedAnswer } from '../faults/interception.ts'
import type { WriteAnswer } from '../protocol/api.ts'
import { CloseConnection } from '../protocol/close-connection.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { MalformedRequest } from '../protocol/malformed-request.ts'
import { Reader } from '../protocol/reader.ts'
import { Authorization } from '../security/authorization.ts'
import { distinguishedName } from '../security/distinguished-name.ts'
import type { Security } from '../security/options.ts'
import { Session } from '../security/session.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import type { ClosureLog } from './closure-log.ts'
import { Frames } from './frames.ts'
import type { Holder, Intake } from './intake.ts'
import type { RequestContext } from './request-context.ts'
import { type RequestHeader, readClientId, readHeader } from './request-header.ts'
import { Sender } from './sender.ts'

/** A client that sends faster than it is served is not read from beyond this, unless one frame alone is larger. */
const maxBufferedBytes = 1024 * 1024
/** About what an element of an array costs once it is read: an object of a few fields. */
const elementBytes = 256
/** Of a client's own name so much is told of it when it is closed. */
const toldNameLength = 100

/** What the connections of one broker share. */
export interface ConnectionHost {
  readonly cluster: Cluster
  readonly brokerId: number
  readonly faults: Faults
  readonly security: Security
  /** Pending while the broker is silent; undefined otherwise. */
  readonly silence: Promise<void> | undefined
  readonly warn: (message: string) => void
  readonly closures: ClosureLog
  readonly intake: Intake
  /** Milliseconds after which a connection is closed on which nothing moves. */
  readonly maxIdleMs: number
}

export class Connection implements Holder {
  readonly #socket: Socket
  readonly #host: ConnectionHost
  readonly #sender: Sender
  readonly #frames = new Frames()
  readonly #gone = new AbortController()
  readonly #clientHost: string
  readonly #session: Session
  #clientId = ''
  #isServing = false
  /** What the request costs that is being served. */
  #servedBytes = 0

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket
    this.#host = host
    this.#sender = new Sender(socket)
    this.#clientHost = `/${socket.remoteAddress ?? ''}`
    const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined
    this.#session = new Session(host.security.sasl, distinguishedName(certificate), host.cluster.clock)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    // A reset by the client is its own affair; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#gone.abort()
      host.intake.hold(this, 0)
    })
    socket.on('timeout', () => this.#nothingMoves())
    socket.setTimeout(host.maxIdleMs)
  }

  /** The client id of the latest request; empty before the first. */
  get clientId(): string {
    return this.#clientId
  }

  cut(): void {
    this.#socket.destroy()
  }

  crowdedOut(heldBytes: number): void {
    this.#close(`it holds ${heldBytes} bytes of requests, more than any other, and all together hold too many`)
  }

  #receive(chunk: Buffer): void {
    // What was read before the connection was closed may still come.
    if (this.#socket.destroyed) return
    this.#frames.push(chunk)
    this.#sayWhatIsHeld()
    if (this.#isServing) {
      // Only while another request is served: the half frame of a large one must go on growing, or it would never be whole.
      if (this.#frames.bufferedBytes > maxBufferedBytes) this.#socket.pause()
      return
    }
    this.#isServing = true
    this.#serveAll()
      .catch((error: unknown) => this.#giveUp(error))
      .finally(() => {
        this.#isServing = false
        if (this.#socket.destroyed) return
        this.#servedBytes = 0
        this.#sayWhatIsHeld()
        this.#socket.resume()
      })
  }

  #sayWhatIsHeld(): void {
    this.#host.intake.hold(this, this.#frames.bufferedBytes + this.#servedBytes)
  }

  async #serveAll(): Promise<void> {
    const turns = new Turns()
    for (let frame = this.#nextFrame(); frame && !this.#socket.destroyed; frame = this.#nextFrame()) {
      await (this.#session.isBare ? this.#authenticateBare(frame) : this.#serve(frame))
      if (turns.isOver) await turns.next()
    }
  }

  #nextFrame(): Buffer | undefined {
    return this.#frames.next(this.#session.frameBounds)
  }

  /** After a handshake of version 0 messages of the mechanism come and go without headers; who fails is told nothing. */
  async #authenticateBare(frame: Buffer): Promise<void> {
    const { message } = await this.#session.authenticate(frame)
    if (this.#session.hasFailed) throw new CloseConnection('authentication failed')
    await this.#sender.send((writer) => writer.bytes(message))
  }

  async #serve(frame: Buffer): Promise<void> {
    const reader = new Reader(frame)
    const header = readHeader(reader)
    const api = apis.get(header.apiKey)
    if (!api) throw new MalformedRequest(`API key ${header.apiKey} is not known here`)
    const [oldest, newest] = api.versions
    if (header.version < oldest || header.version > newest) {
      if (api.key === apiVersionsKey) return this.#answer(header, false, writeUnsupportedVersion)
      throw new MalformedRequest(
        `${api.name} version ${header.version} is not spoken here, only ${oldest} to ${newest}`,
      )
    }
    this.#clientId = readClientId(reader, api, header.version)
    this.#session.mustAllow(api.name)
    const request = api.open(reader, header.version)
    this.#servedBytes = frame.length + reader.elementCount * elementBytes
    this.#sayWhatIsHeld()
    if (this.#host.silence) await this.#host.silence

    const faults = this.#host.faults.intercept({
      api: api.name as ApiName,
      version: header.version,
      broker: this.#host.brokerId,
      clientId: this.#clientId,
      subjects: () => request.subjects(this.#host.cluster),
    })
    if (faults) await faults.before()
    if (faults?.endsConnection) return this.cut()
    const rights = this.#rightsFor(api.name)
    const barred = rights?.refusal(request.subjects(this.#host.cluster))
    const refused = barred ?? faults?.refusal('before')
    let answer = refused ? request.refuse(refused) : null
    try {
      answer ??= await request.handle(this.#context(header, api.name, faults, rights, barred))
    } catch (error) {
      // A producer that wants no answer is told of an error by the end of its connection.
      if (error instanceof CloseConnection) faults?.answered()
      throw error
    }
    // Nothing may be said of what a power cut could still take back, be it the client's own or what another one wrote.
    const flushed = this.#host.cluster.storage.flushed()
    if (flushed) await flushed
    if (faults) await faults.after()
    if (faults?.endsConnection) return this.cut()
    const disowned = faults?.refusal('after')
    if (disowned) answer = request.refuse(disowned) ?? answer
    const isFlexible = header.version >= api.flexibleSince && api.key !== apiVersionsKey
    if (answer) await this.#answer(header, isFlexible, answer, faults?.shortened)
    faults?.answered()
    if (faults?.shortened) await this.#breakOff(faults.shortened)
    if (this.#session.hasFailed) throw new CloseConnection('authentication failed')
  }

  #rightsFor(api: string): Authorization | undefined {
    const { authorize } = this.#host.security
    const who = { principal: this.#session.principal, host: this.#clientHost }
    return authorize === null ? undefined : new Authorization(authorize, api, who)
  }

  #context(
    header: RequestHeader,
    api: string,
    faults: Interception | undefined,
    rights: Authorization | undefined,
    barred: ErrorName | undefined,
  ): RequestContext {
    const { cluster, brokerId, warn } = this.#host
    return {
      cluster,
      brokerId,
      version: header.version,
      clientId: this.#clientId,
      clientHost: this.#clientHost,
      session: this.#session,
      sees: (topic) => rights?.allowsTopic(topic) ?? true,
      leftOut: faults?.leftOut,
      gone: this.#gone.signal,
      staged(topic, partition, refuse, answer) {
        if (barred !== undefined) return refuse(barred)
        if (rights?.allowsTopic(topic) === false) return refuse('TOPIC_AUTHORIZATION_FAILED')
        const fault = faults?.partitionFault(topic, partition)
        try {
          if (!fault) return partOf(faults, topic, partition, answer())
          if (fault.when === 'after') answer()
          return refuse(fault.error)
        } catch (error) {
          if (!(error instanceof StorageFailed)) throw error
          warn(`broker ${brokerId} refuses ${api} of ${topic}: ${error.message}`)
          return refuse('KAFKA_STORAGE_ERROR')
        }
      },
    }
  }

  /** Resolves when the client may be served again: at once, unless it leaves its answers unread. */
  async #answer(
    header: RequestHeader,
    isFlexible: boolean,
    write: WriteAnswer,
    shortened?: ShortenedAnswer,
  ): Promise<void> {
    await this.#sender.send((writer) => {
      writer.int32(header.correlationId)
      if (isFlexible) writer.unsignedVarint(0)
      write(writer)
    }, shortened?.bytes)
  }

  /** After a part of an answer: the end of the connection, or nothing any more. */
  async #breakOff({ closes }: ShortenedAnswer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gone.signal.addEventListener('abort', () => resolve(), { once: true })
    // Not cut at once, or the part that was written could be lost with it.
    if (closes) this.#socket.end(resolve)
    await promise
    this.cut()
  }

  #nothingMoves(): void {
    // Its client waits for an answer that takes its time, such as that to JoinGroup, or that a test withholds.
    if (this.#isServing && !this.#sender.isHeldBack) {
      this.#socket.setTimeout(this.#host.maxIdleMs)
      return
    }
    // A client between two requests is only reminded that it has a connection that it does not need.
    const isOrderly = this.#clientId !== '' && !this.#sender.isHeldBack && this.#frames.bufferedBytes === 0
    if (isOrderly) this.cut()
    else this.#close(`nothing moved on it for ${this.#host.maxIdleMs} ms`)
  }

  #giveUp(error: unknown): void {
    // Anything that was not thrown on purpose is a bug of this broker; it must not take other connections with it.
    const isExpected = error instanceof CloseConnection || error instanceof StorageFailed
    this.#close(isExpected ? error.message : `internal error: ${String((error as Error).stack)}`)
  }

  #close(reason: string): void {
    // Its name is the client's own: it must not look like other lines of the log, nor be longer than all of them.
    const name = this.#clientId.slice(0, toldNameLength).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
    const who = `connection of ${this.#clientHost}${name ? ` (client id ${name})` : ''}`
    this.#host.closures.tell(`broker ${this.#host.brokerId} closes the ${who}: ${reason}`)
    this.cut()
  }
}

/** One part of an answer; noted where a fault wants it left out. */
function partOf<T>(faults: Interception | undefined, topic: string, partition: number | undefined, part: T): T {
  if (faults?.leavesOut(topic, partition)) faults.leftOut.add(part)
  return part
}
