/** A virtual broker: its listener and the connections to it. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Faults } from '../faults/faults.ts'
import { ClosureLog } from '../network/closure-log.ts'
import { Connection, type ConnectionHost } from '../network/connection.ts'
import type { Intake } from '../network/intake.ts'
import type { Security } from '../security/options.ts'
import { SystemClock } from './clock.ts'
import type { BrokerNode, Cluster } from './cluster.ts'

/** Node's own default. */
const maxHandshakeMs = 120_000

/** What all brokers of a cluster have in common. */
export interface BrokerSetting {
  readonly cluster: Cluster
  readonly faults: Faults
  readonly security: Security
  readonly warn: (message: string) => void
  readonly intake: Intake
  readonly maxIdleMs: number
}

export class Broker implements ConnectionHost {
  readonly cluster: Cluster
  readonly faults: Faults
  readonly security: Security
  readonly warn: (message: string) => void
  readonly closures: ClosureLog
  readonly intake: Intake
  readonly maxIdleMs: number
  readonly #node: BrokerNode
  readonly #connections = new Set<Connection>()
  /** Those too that are still at their TLS handshake. */
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #silence: PromiseWithResolvers<void> | undefined

  constructor(node: BrokerNode, { cluster, faults, security, warn, intake, maxIdleMs }: BrokerSetting) {
    this.#node = node
    this.cluster = cluster
    this.faults = faults
    this.security = security
    this.warn = warn
    // By real time: whoever floods the log does not wait for a test's clock.
    this.closures = new ClosureLog(warn, new SystemClock())
    this.intake = intake
    this.maxIdleMs = maxIdleMs
  }

  get brokerId(): number {
    return this.#node.id
  }

  get address(): string {
    return `${this.#node.host}:${this.#node.port}`
  }

  get silence(): Promise<void> | undefined {
    return this.#silence?.promise
  }

  /** Listens; after a stop on the same port as before, as a restarted broker does. */
  async listen(): Promise<void> {
    const server = this.#createServer((socket) => {
      const connection = new Connection(socket, this)
      this.#connections.add(connection)
      socket.on('close', () => this.#connections.delete(connection))
    })
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(this.#node.port, this.#node.host, resolve)
    await promise
    server.off('error', reject)
    // Of a connection that could not be taken; the next one may be.
    server.on('error', ({ message }) =>
      this.closures.tell(`broker ${this.brokerId} cannot take a connection: ${message}`),
    )
    this.#node.port = (server.address() as AddressInfo).port
    this.#node.isUp = true
    this.#server = server
  }

  #createServer(onConnection: (socket: Socket) => void): Server {
    const { tls } = this.security
    if (tls === null) return createServer(onConnection)
    const handshakeTimeout = Math.min(this.maxIdleMs, maxHandshakeMs)
    const server = createTlsServer({ ...tls, handshakeTimeout }, onConnection)
    server.on('tlsClientError', ({ message }, socket) => {
      this.closures.tell(`broker ${this.brokerId} closes the connection of /${socket.remoteAddress ?? ''}: ${message}`)
      // Node leaves open one that ran out of time.
      socket.destroy()
    })
    return server
  }

  async stop(): Promise<void> {
    this.#node.isUp = false
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    for (const socket of this.#sockets) socket.destroy()
    this.speak()
    await promise
    this.closures.flush()
  }

  /** Cuts the connections of that client, or all. Returns how many. */
  cutConnections(clientId?: string): number {
    const chosen = [...this.#connections].filter((each) => clientId === undefined || each.clientId === clientId)
    for (const connection of chosen) connection.cut()
    return chosen.length
  }

  /** Takes requests and does nothing with them, like a process that is stopped, until {@link speak}. */
  fallSilent(): void {
    this.#silence ??= Promise.withResolvers<void>()
  }

  speak(): void {
    this.#silence?.resolve()
    this.#silence = undefined
  }
}
