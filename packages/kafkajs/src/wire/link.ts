import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ConnectionConfigError } from '@tributary/event-bus'
import type { BrokerAddress, Settings } from '../settings.ts'
import type { Api } from './api.ts'
import { apiVersions } from './apis.ts'
import { type ConnectStage, LinkError } from './failures.ts'
import { Connection, type KafkajsLogger, type SocketRequest, type SupportedVersions } from './kafkajs-internals.ts'
import { requestPrefix } from './request-frame.ts'

const KEEP_ALIVE_DELAY_MS = 60_000
const SASL_AUTHENTICATE_KEY = 36

/** Everything kafkajs would log is thrown or answered as well, and is reported from there once. */
const quietLogger: KafkajsLogger = {
  namespace: () => quietLogger,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

/** A connection attempt that failed, with how far it came. */
export class ConnectError extends LinkError {
  readonly stage: ConnectStage
  readonly broker: string

  constructor(stage: ConnectStage, broker: string, cause: unknown) {
    super(`${broker}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, sent: false })
    this.name = 'ConnectError'
    this.stage = stage
    this.broker = broker
  }

  /** The failure below: calls wrap what the connection said in a {@link LinkError} of their own. */
  get origin(): unknown {
    return this.cause instanceof LinkError ? (this.cause.cause ?? this.cause) : this.cause
  }
}

/**
 * One authenticated connection to one broker. A call whose answer is overdue closes it: an answer that comes late can then not be taken for
 * something else, and no request waits behind a broker that has gone silent.
 */
export class Link {
  readonly broker: string
  readonly #clientId: string
  readonly #usesSasl: boolean
  readonly #connection: Connection
  readonly #socket: () => Socket | undefined
  readonly #versions: SupportedVersions
  #isClosed = false

  private constructor(
    broker: string,
    clientId: string,
    usesSasl: boolean,
    connection: Connection,
    socket: () => Socket | undefined,
    versions: SupportedVersions,
  ) {
    this.broker = broker
    this.#clientId = clientId
    this.#usesSasl = usesSasl
    this.#connection = connection
    this.#socket = socket
    this.#versions = versions
  }

  /** @throws {ConnectError} */
  static async open(address: BrokerAddress, clientId: string, settings: Settings): Promise<Link> {
    const broker = `${address.host}:${address.port}`
    let socket: Socket | undefined
    const connection = new Connection({
      ...address,
      clientId,
      logger: quietLogger,
      socketFactory: (request) => {
        socket = openSocket(request)
        return socket
      },
      ssl: settings.ssl,
      // kafkajs keeps its authenticator on this object: one object for each connection.
      sasl: settings.sasl === null ? null : { ...settings.sasl },
      connectionTimeout: settings.connectionTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      enforceRequestTimeout: false,
    })
    let stage: ConnectStage = 'connect'
    try {
      await connection.connect()
      stage = 'handshake'
      const versions: SupportedVersions = {}
      const link = new Link(broker, clientId, settings.sasl !== null, connection, () => socket, versions)
      versions[apiVersions.key] = { minVersion: 0, maxVersion: apiVersions.maxVersion }
      const supported = await link.call(apiVersions, {}, settings.connectionTimeoutMs)
      for (const { apiKey, minVersion, maxVersion } of supported.apiVersions)
        versions[apiKey] = { minVersion, maxVersion }
      connection.setVersions(versions)
      connection.setSupportAuthenticationProtocol(SASL_AUTHENTICATE_KEY in versions)
      stage = 'authenticate'
      await within(connection.authenticate(), settings.requestTimeoutMs, `${broker} did not answer the authentication`)
      return link
    } catch (error) {
      socket?.destroy()
      connection.requestQueue.rejectAll(new Error('the connection was given up'))
      connection.requestQueue.destroy()
      throw new ConnectError(stage, broker, error)
    }
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#connection.isConnected()
  }

  /**
   * @throws {LinkError} when the connection breaks or `timeoutMs` milliseconds pass without an answer.
   * @throws {ConnectionConfigError} when broker and driver have no version of the request in common.
   */
  async call<Args, Answer>(api: Api<Args, Answer>, args: Args, timeoutMs: number): Promise<Answer> {
    const version = this.#versionOf(api)
    if (!this.isOpen) throw new LinkError(`the connection to ${this.broker} is closed`, { sent: false })
    const exchange = api.exchange(version, args)
    let isSent = false
    const timer = setTimeout(
      () => this.#giveUp(`${this.broker} did not answer ${api.name} within ${timeoutMs} ms`),
      timeoutMs,
    )
    try {
      if (this.#usesSasl && api.key !== apiVersions.key && !this.#connection.isAuthenticated()) {
        await this.#connection.authenticate()
      }
      const encoded = exchange.encode()
      const body = encoded instanceof Promise ? await encoded : encoded
      const payload = await this.#exchange(api, version, body, () => {
        isSent = true
      })
      const answer = await exchange.decode(payload)
      this.#connection.requestQueue.maybeThrottle(throttleMsOf(answer))
      return answer
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new LinkError(`${api.name} to ${this.broker}: ${reason}`, { sent: isSent, cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  /** The payload of the answer. kafkajs' own way copies the body twice, and takes eight promises. */
  #exchange(
    api: Pick<Api<never, unknown>, 'key' | 'name'>,
    apiVersion: number,
    body: readonly Buffer[],
    onWriting: () => void,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) throw new Error('the connection is closed')
      const correlationId = this.#connection.nextCorrelationId()
      // Let go of as soon as it is written: old tables of the queue's Map keep answered requests alive until the whole heap is collected.
      let unsent = body
      const header = { apiKey: api.key, apiVersion, correlationId, clientId: this.#clientId }
      this.#connection.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion,
          correlationId,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        sendRequest: () => {
          onWriting()
          this.#write(requestPrefix(header, unsent), unsent)
          unsent = []
        },
      })
    })
  }

  /** All parts in one system call. */
  #write(prefix: Buffer, body: readonly Buffer[]): void {
    const socket = this.#socket()
    if (socket === undefined) return
    socket.cork()
    socket.write(prefix)
    for (const part of body) socket.write(part)
    socket.uncork()
  }

  /** At once: what waits for an answer is rejected. kafkajs' own way waits for answers that a dead broker never gives. */
  close(): void {
    this.#giveUp(`the connection to ${this.broker} was closed`)
  }

  #giveUp(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#connection.requestQueue.rejectAll(new Error(reason))
    this.#connection.requestQueue.destroy()
    this.#socket()?.destroy()
  }

  #versionOf(api: Api<never, unknown>): number {
    const supported = this.#versions[api.key]
    const version = Math.min(api.maxVersion, supported?.maxVersion ?? -1)
    if (supported !== undefined && version >= Math.max(api.minVersion, supported.minVersion)) return version
    const theirs =
      supported === undefined
        ? 'does not support it'
        : `supports versions ${supported.minVersion} to ${supported.maxVersion}`
    throw new ConnectionConfigError(
      `${this.broker} and this driver have no version of ${api.name} in common: the driver speaks ${api.minVersion} to ${api.maxVersion}, the ` +
        `broker ${theirs}. Kafka 2.3 and later are supported.`,
    )
  }
}

/** Of the answers that kafkajs decodes. */
function throttleMsOf(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null || !('clientSideThrottleTime' in answer)) return undefined
  return typeof answer.clientSideThrottleTime === 'number' ? answer.clientSideThrottleTime : undefined
}

function openSocket({ host, port, ssl, onConnect }: SocketRequest): Socket {
  const socket =
    ssl === null
      ? connectPlain({ host, port }, onConnect)
      : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
  return socket
}

async function within<T>(work: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
