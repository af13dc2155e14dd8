import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { invalidCredentials, type SaslExchange, type SaslStep } from './exchange.ts'

const derive = promisify(pbkdf2)

/** Kafka's least, and what its tools take. */
const ITERATIONS = 4096
const SALT_BYTES = 16
const NONCE_BYTES = 24

/** What the client said first, and what it was answered. */
interface Opening {
  readonly user: string
  readonly nonce: string
  readonly salt: Buffer
  /** Both messages without the client's header: the beginning of what both sides sign. */
  readonly spoken: string
  readonly header: string
}

/** RFC 5802: both sides prove that they know the password, and neither sends it. */
export class ScramExchange implements SaslExchange {
  readonly #hash: 'sha256' | 'sha512'
  readonly #users: Readonly<Record<string, string>>
  readonly #name: string
  #opening: Opening | null = null

  constructor(hash: 'sha256' | 'sha512', users: Readonly<Record<string, string>>) {
    this.#hash = hash
    this.#users = users
    this.#name = hash === 'sha256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512'
  }

  respond(message: Buffer): SaslStep | Promise<SaslStep> {
    const text = message.toString('utf8')
    return this.#opening === null ? this.#begin(text) : this.#prove(this.#opening, text)
  }

  #begin(text: string): SaslStep {
    const match = /^(n,(?:a=([^,]*))?,)((?:m=[^,]*,)?n=([^,]*),r=([^,]+).*)$/s.exec(text)
    if (match === null) throw invalidCredentials(this.#name)
    const [, header = '', authorizationId = '', bare = '', name = '', clientNonce = ''] = match
    const user = unescaped(name)
    if (authorizationId !== '' && unescaped(authorizationId) !== user) throw invalidCredentials(this.#name)
    if (!Object.hasOwn(this.#users, user)) throw invalidCredentials(this.#name)
    const nonce = clientNonce + randomBytes(NONCE_BYTES).toString('base64url')
    const salt = randomBytes(SALT_BYTES)
    const answer = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`
    this.#opening = { user, nonce, salt, header, spoken: `${bare},${answer}` }
    return { kind: 'continue', message: Buffer.from(answer) }
  }

  async #prove({ user, nonce, salt, spoken, header }: Opening, text: string): Promise<SaslStep> {
    const match = /^(c=([^,]*),r=([^,]+)(?:,.*)?),p=([^,]+)$/s.exec(text)
    if (match === null) throw invalidCredentials(this.#name)
    const [, withoutProof = '', binding = '', echoed = '', proof = ''] = match
    if (echoed !== nonce || Buffer.from(binding, 'base64').toString() !== header) throw invalidCredentials(this.#name)
    const keyBytes = this.#hash === 'sha256' ? 32 : 64
    const salted = await derive((this.#users[user] ?? '').normalize('NFKC'), salt, ITERATIONS, keyBytes, this.#hash)
    const signed = `${spoken},${withoutProof}`
    const storedKey = createHash(this.#hash).update(this.#hmac(salted, 'Client Key')).digest()
    const clientKey = xor(Buffer.from(proof, 'base64'), this.#hmac(storedKey, signed))
    if (!timingSafeEqual(createHash(this.#hash).update(clientKey).digest(), storedKey))
      throw invalidCredentials(this.#name)
    const signature = this.#hmac(this.#hmac(salted, 'Server Key'), signed)
    return { kind: 'done', message: Buffer.from(`v=${signature.toString('base64')}`), user, expiresAt: null }
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest()
  }
}

function xor(one: Buffer, other: Buffer): Buffer {
  const result = Buffer.alloc(other.length)
  for (let at = 0; at < result.length; at += 1) result[at] = (one[at] ?? 0) ^ (other[at] ?? 0)
  return result
}

/** Commas and equals signs travel as `=2C` and `=3D`. */
function unescaped(name: string): string {
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
