import { AuthenticationFailed, invalidCredentials, nothing, type SaslExchange, type SaslStep } from './exchange.ts'
import type { SaslOptions } from './options.ts'

const SEPARATOR = String.fromCharCode(1)
const refusal = '{"status":"invalid_token"}'

/** RFC 7628: one message with a token. A refused client is told why first, and has to say that it has heard (a single byte, 1). */
export class OauthBearerExchange implements SaslExchange {
  readonly #validate: NonNullable<SaslOptions['validateToken']>
  #isRefused = false

  constructor(validate: NonNullable<SaslOptions['validateToken']>) {
    this.#validate = validate
  }

  async respond(message: Buffer): Promise<SaslStep> {
    if (this.#isRefused) throw new AuthenticationFailed(refusal)
    const { authorizationId, token } = parsed(message.toString('utf8'))
    const valid = await this.#validate(token)
    if (valid === null || (authorizationId !== '' && authorizationId !== valid.user)) {
      this.#isRefused = true
      return { kind: 'continue', message: Buffer.from(refusal) }
    }
    return { kind: 'done', message: nothing, user: valid.user, expiresAt: valid.expiresAt ?? null }
  }
}

/** `n,a=user,` and then pairs of name and value, each after a byte of 1; two such bytes end it. */
function parsed(text: string): { readonly authorizationId: string; readonly token: string } {
  const [header = '', ...pairs] = text.split(SEPARATOR)
  const opening = /^n,(?:a=([^,]*))?,$/.exec(header)
  const token = pairs
    .map((pair) => /^auth=Bearer +([\w.~+/=-]+)$/i.exec(pair)?.[1])
    .find((found) => found !== undefined)
  if (opening === null || token === undefined || pairs.at(-1) !== '' || pairs.at(-2) !== '')
    throw invalidCredentials('OAUTHBEARER')
  return { authorizationId: opening[1] ?? '', token }
}
