/** A conversation of one SASL mechanism, from the server's side. */
export interface SaslExchange {
  /**
   * Answers the client's next message.
   *
   * @throws {AuthenticationFailed} when the client is not who it says.
   */
  respond(message: Buffer): SaslStep | Promise<SaslStep>
}

export type SaslStep =
  | { readonly kind: 'continue'; readonly message: Buffer }
  | {
      readonly kind: 'done'
      readonly message: Buffer
      /** Without `User:`. */
      readonly user: string
      /** Milliseconds since the Unix epoch; null when it does not end. */
      readonly expiresAt: number | null
    }

/** The client is told the message, and the connection is closed. */
export class AuthenticationFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AuthenticationFailed'
  }
}

/** What is wrong, Kafka does not say: not even whether there is such a user. */
export function invalidCredentials(mechanism: string): AuthenticationFailed {
  return new AuthenticationFailed(
    `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`,
  )
}

export const nothing: Buffer = Buffer.alloc(0)
