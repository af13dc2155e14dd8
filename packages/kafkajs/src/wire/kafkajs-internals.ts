/**
 * Everything this driver takes from inside kafkajs: the connection (sockets, TLS, SASL, answers), the request queue below it, and the encoders and
 * decoders of control requests. kafkajs has no `exports` map and makes no promise about these modules, hence the exact version and
 * the types written by hand, for what we use and no more.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { DriverVersionError } from '@tributary/event-bus'

const require = createRequire(import.meta.url)

/** The only version that the deep imports below were read and tested against. */
export const KAFKAJS_VERSION = '2.2.4'

/** @throws {DriverVersionError} when the installed kafkajs is another version. */
export function checkKafkajsVersion(installed: string): void {
  if (installed === KAFKAJS_VERSION) return
  throw new DriverVersionError(
    `kafkajs ${installed} is installed, and the driver needs exactly ${KAFKAJS_VERSION}: it uses modules inside kafkajs that any other version may ` +
      'have changed. Pin kafkajs to that version, or remove the override that replaces it.',
  )
}

const kafkajsPackage: { version: string } = require('kafkajs/package.json')
checkKafkajsVersion(kafkajsPackage.version)

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger
  debug(message: string, extra?: object): void
  info(message: string, extra?: object): void
  warn(message: string, extra?: object): void
  error(message: string, extra?: object): void
}

/** How kafkajs writes one request and reads its answer. */
export interface RequestCodec {
  readonly request: { encode(): Promise<{ readonly buffer: Buffer }> }
  readonly response: { decode(payload: Buffer): Promise<object> }
}

export interface RequestDefinition {
  readonly versions: readonly string[]
  protocol(options: { version: number }): (args: object) => RequestCodec
}

/** A request that waits for its turn, then for its answer. */
export interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    resolve(answer: { readonly payload: Buffer }): void
    reject(error: Error): void
  }
  readonly expectResponse: true
  /** Writes it to the socket. At once, unless the broker has asked to be left alone for a while. */
  sendRequest(): void
}

export interface RequestQueue {
  readonly pending: readonly unknown[]
  push(request: QueuedRequest): void
  /** Holds requests back for this many milliseconds, as the answer asks for (KIP-219). */
  maybeThrottle(throttleMs: number | undefined): void
  scheduleCheckPendingRequests: (this: RequestQueue) => void
  rejectAll(error: Error): void
  destroy(): void
}

export type SupportedVersions = Record<number, { minVersion: number; maxVersion: number }>

export interface Connection {
  readonly requestQueue: RequestQueue
  connect(): Promise<boolean>
  authenticate(): Promise<void>
  isConnected(): boolean
  /** False also when the session that SASL gave is over, or nearly. */
  isAuthenticated(): boolean
  nextCorrelationId(): number
  setVersions(versions: SupportedVersions): void
  setSupportAuthenticationProtocol(isSupported: boolean): void
}

export interface SocketRequest {
  readonly host: string
  readonly port: number
  readonly ssl: ConnectionOptions | null
  readonly onConnect: () => void
}

export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  readonly logger: KafkajsLogger
  readonly socketFactory: (request: SocketRequest) => Socket
  readonly ssl: ConnectionOptions | null
  readonly sasl: object | null
  readonly clientId: string
  readonly connectionTimeout: number
  readonly requestTimeout: number
  /** Off: every call of ours has its own timer, and a connection whose answer is overdue is dropped. */
  readonly enforceRequestTimeout: false
}

export const Connection: new (settings: ConnectionSettings) => Connection = require('kafkajs/src/network/connection')

export const RequestQueue: { readonly prototype: RequestQueue } = require('kafkajs/src/network/requestQueue')

export const requests: Readonly<Record<string, RequestDefinition>> = require('kafkajs/src/protocol/requests').requests

export const apiKeys: Readonly<Record<string, number>> = require('kafkajs/src/protocol/requests/apiKeys')

/** Names and messages of the error codes that kafkajs knows (up to 88). */
export const errorCodes: readonly { readonly type: string; readonly code: number; readonly message: string }[] =
  require('kafkajs/src/protocol/error').errorCodes
