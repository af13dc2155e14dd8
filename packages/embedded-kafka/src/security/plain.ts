import { timingSafeEqual } from 'node:crypto'
import { AuthenticationFailed, nothing, type SaslExchange, type SaslStep } from './exchange.ts'

/** RFC 4616: `[authorization id] NUL user NUL password`, in the clear. */
export class PlainExchange implements SaslExchange {
  readonly #users: Readonly<Record<string, string>>

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users
  }

  respond(message: Buffer): SaslStep {
    const parts = message.toString('utf8').split('\0')
    const [authorizationId = '', user = '', password = ''] = parts
    if (parts.length !== 3)
      throw new AuthenticationFailed(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`)
    if (user === '') throw new AuthenticationFailed('Authentication failed: username not specified')
    if (password === '') throw new AuthenticationFailed('Authentication failed: password not specified')
    if (!isEqual(Object.hasOwn(this.#users, user) ? this.#users[user] : undefined, password))
      throw new AuthenticationFailed('Authentication failed: Invalid username or password')
    if (authorizationId !== '' && authorizationId !== user)
      throw new AuthenticationFailed(
        'Authentication failed: Client requested an authorization id that is different from username',
      )
    return { kind: 'done', message: nothing, user, expiresAt: null }
  }
}

function isEqual(expected: string | undefined, given: string): boolean {
  const [one, other] = [Buffer.from(expected ?? ''), Buffer.from(given)]
  return expected !== undefined && one.length === other.length && timingSafeEqual(one, other)
}
