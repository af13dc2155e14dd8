import type { Clock } from '../cluster/clock.ts'
import type { FrameBounds } from '../network/frames.ts'
import { CloseConnection } from '../protocol/close-connection.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { AuthenticationFailed, nothing, type SaslExchange } from './exchange.ts'
import { OauthBearerExchange } from './oauth-bearer.ts'
import { anonymous, mechanismsOf, type Principal, type SaslMechanism, type SaslOptions } from './options.ts'
import { PlainExchange } from './plain.ts'
import { ScramExchange } from './scram.ts'

/** What a client may ask before it is known. */
const openToAll: ReadonlySet<string> = new Set(['ApiVersions', 'SaslHandshake', 'SaslAuthenticate'])

/** Kafka's `sasl.server.max.receive.size`: nobody who is unknown needs to say more. */
const maxUnknownBytes = 524_288

export interface HandshakeAnswer {
  readonly error: ErrorName
  readonly mechanisms: readonly SaslMechanism[]
}

export interface AuthenticateAnswer {
  readonly error: ErrorName
  readonly errorMessage: string
  readonly message: Buffer
  /** How long the authentication holds, in milliseconds; 0 when it does not end. */
  readonly lifetimeMs: number
}

/**
 * Who is at the other end of one connection, and how far it has come in saying so:
 *
 *     unknown · handshake names a mechanism · messages of that mechanism · known
 *
 * A client whose authentication ends goes through the same again, over the same connection (KIP-368).
 */
export class Session {
  readonly #sasl: SaslOptions | null
  readonly #clock: Clock
  #principal: Principal | null
  #exchange: SaslExchange | null = null
  #endsAt: number | null = null
  /** The handshake was of version 0: what follows are bare messages, no requests. */
  isBare = false
  /** The client was told that it failed: the connection is to be closed. */
  hasFailed = false

  /** @param certified the name in the client's certificate; null when it has shown none */
  constructor(sasl: SaslOptions | null, certified: string | null, clock: Clock) {
    this.#sasl = sasl
    this.#clock = clock
    this.#principal = sasl === null ? (certified === null ? anonymous : `User:${certified}`) : null
  }

  get principal(): Principal {
    return this.#principal ?? anonymous
  }

  /** How long the next frame may be. */
  get frameBounds(): FrameBounds {
    if (this.isBare) return { minBytes: 0, maxBytes: maxUnknownBytes }
    return this.#principal === null ? { maxBytes: maxUnknownBytes } : {}
  }

  /** @throws {CloseConnection} when the client must say first who it is. */
  mustAllow(api: string): void {
    if (openToAll.has(api)) return
    if (this.#principal === null) throw new CloseConnection(`${api} was asked for before authentication`)
    if (this.#endsAt !== null && this.#clock.now() >= this.#endsAt)
      throw new CloseConnection(`${api} was asked for after the authentication had ended`)
  }

  handshake(mechanism: string, version: number): HandshakeAnswer {
    if (this.#sasl === null || (this.#principal !== null && this.#endsAt === null))
      return { error: 'ILLEGAL_SASL_STATE', mechanisms: [] }
    const mechanisms = mechanismsOf(this.#sasl)
    const chosen = mechanisms.find((each) => each === mechanism)
    if (chosen === undefined) {
      this.hasFailed = true
      return { error: 'UNSUPPORTED_SASL_MECHANISM', mechanisms }
    }
    this.#exchange = exchangeOf(chosen, this.#sasl)
    this.isBare = version === 0
    return { error: 'NONE', mechanisms }
  }

  /** @throws {CloseConnection} when no handshake came before. */
  async authenticate(message: Buffer): Promise<AuthenticateAnswer> {
    if (this.#exchange === null) {
      if (this.#principal === null) throw new CloseConnection('SaslAuthenticate was asked for before SaslHandshake')
      const errorMessage = 'SaslAuthenticate request received after successful authentication'
      return { error: 'ILLEGAL_SASL_STATE', errorMessage, message: nothing, lifetimeMs: 0 }
    }
    try {
      const step = await this.#exchange.respond(message)
      if (step.kind === 'continue') return answered(step.message, 0)
      const lifetimeMs = step.expiresAt === null ? 0 : Math.max(0, step.expiresAt - this.#clock.now())
      if (step.expiresAt !== null && lifetimeMs === 0) throw new AuthenticationFailed('the token has expired')
      this.#become(`User:${step.user}`, step.expiresAt)
      return answered(step.message, lifetimeMs)
    } catch (error) {
      if (!(error instanceof AuthenticationFailed)) throw error
      this.hasFailed = true
      return { error: 'SASL_AUTHENTICATION_FAILED', errorMessage: error.message, message: nothing, lifetimeMs: 0 }
    }
  }

  #become(principal: Principal, endsAt: number | null): void {
    if (this.#principal !== null && this.#principal !== principal)
      throw new AuthenticationFailed(`Cannot change principals during re-authentication from ${this.#principal}`)
    this.#principal = principal
    this.#endsAt = endsAt
    this.#exchange = null
    this.isBare = false
  }
}

function answered(message: Buffer, lifetimeMs: number): AuthenticateAnswer {
  return { error: 'NONE', errorMessage: '', message, lifetimeMs }
}

function exchangeOf(mechanism: SaslMechanism, { users = {}, validateToken }: SaslOptions): SaslExchange {
  switch (mechanism) {
    case 'PLAIN':
      return new PlainExchange(users)
    case 'SCRAM-SHA-256':
      return new ScramExchange('sha256', users)
    case 'SCRAM-SHA-512':
      return new ScramExchange('sha512', users)
    case 'OAUTHBEARER':
      return new OauthBearerExchange(validateToken ?? (() => null))
  }
}
