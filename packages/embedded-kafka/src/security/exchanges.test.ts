/** What a client may say to each mechanism: it is let in, asked on or refused, and nothing else comes of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuthenticationFailed, type SaslExchange, type SaslStep } from './exchange.ts'
import { OauthBearerExchange } from './oauth-bearer.ts'
import { PlainExchange } from './plain.ts'
import { ScramExchange } from './scram.ts'

const users = { alice: 'alice-secret' }
const separator = String.fromCharCode(1)

const exchanges: Record<string, () => SaslExchange> = {
  PLAIN: () => new PlainExchange(users),
  'SCRAM-SHA-256': () => new ScramExchange('sha256', users),
  'SCRAM-SHA-512': () => new ScramExchange('sha512', users),
  OAUTHBEARER: () => new OauthBearerExchange((token) => (token === 'good' ? { user: 'alice' } : null)),
}

async function outcome(exchange: SaslExchange, message: string | Uint8Array): Promise<SaslStep['kind'] | 'refused'> {
  try {
    return (await exchange.respond(Buffer.from(message as string))).kind
  } catch (error) {
    expect(error).toBeInstanceOf(AuthenticationFailed)
    return 'refused'
  }
}

/** Pieces of all mechanisms' messages, in any order. */
const nearlyRight = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'n,,',
        'y,,',
        'n,a=',
        'p=tls-unique,',
        'n=alice',
        ',r=',
        'r=',
        'c=biws',
        ',p=',
        'm=x,',
        'i=2147483647',
        ',',
        '=',
      ),
      fc.constantFrom(
        'auth=Bearer ',
        'good',
        separator,
        '\0',
        'alice',
        'alice-secret',
        '=2C',
        '=3D',
        '=ZZ',
        '__proto__',
        '\u0000\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

describe.each(Object.entries(exchanges))('%s', (_name, begin) => {
  it('takes any messages', async () => {
    const message = fc.oneof(nearlyRight, fc.uint8Array({ maxLength: 100 }))
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 3 }), async (messages) => {
        const exchange = begin()
        for (const each of messages) await outcome(exchange, each)
      }),
      { numRuns: 300 },
    )
  })
})

describe.each(['sha256', 'sha512'] as const)('SCRAM with %s', (hash) => {
  it.each([
    ['no nonce', 'n,,n=alice'],
    ['an empty nonce', 'n,,n=alice,r='],
    ['no name', 'n,,r=abc'],
    ['channel binding, of which there is none', 'p=tls-unique,,n=alice,r=abc'],
    ['another identity', 'n,a=bob,n=alice,r=abc'],
    ['a name of 100,000 characters', `n,,n=${'a'.repeat(100_000)},r=abc`],
    ["the name of an object's own property", 'n,,n=__proto__,r=abc'],
    ['a third of the messages at once', 'c=biws,r=abc,p=AAAA'],
  ])('refuses to begin with %s', async (_what, message) => {
    expect(await outcome(new ScramExchange(hash, users), message)).toBe('refused')
  })

  it.each([
    ['without proof', (nonce: string) => `c=biws,r=${nonce}`],
    ['with a proof that is no base64', (nonce: string) => `c=biws,r=${nonce},p=!!!!`],
    ['with a proof that is too short', (nonce: string) => `c=biws,r=${nonce},p=AAAA`],
    ['with a proof of 100,000 characters', (nonce: string) => `c=biws,r=${nonce},p=${'A'.repeat(100_000)}`],
    ['with another binding', (nonce: string) => `c=!,r=${nonce},p=AAAA`],
    ['with the nonce of somebody else', () => 'c=biws,r=other,p=AAAA'],
    ['with iterations of its own', (nonce: string) => `c=biws,r=${nonce},i=2147483647,p=AAAA`],
    // An expression that tries each way to split it would be busy for minutes, and with it the broker.
    ['of half a megabyte that never comes to its proof', (nonce: string) => `c=biws,r=${nonce}${'a'.repeat(500_000)}`],
    ['of nothing but beginnings of proofs', (nonce: string) => `c=biws,r=${nonce}${',p='.repeat(150_000)}`],
  ])('refuses a second message %s', async (_what, message) => {
    const exchange = new ScramExchange(hash, users)
    const first = await exchange.respond(Buffer.from('n,,n=alice,r=abc'))
    const nonce = /^r=([^,]+)/.exec(first.message.toString())?.[1] ?? ''
    expect(await outcome(exchange, message(nonce))).toBe('refused')
  })
})

describe('OAUTHBEARER', () => {
  const token = `auth=Bearer good${separator}${separator}`

  it.each([
    ['no header', token],
    ['a header without a comma at its end', `n,a=alice${separator}${token}`],
    ['another header', `y,,${separator}${token}`],
    ['a header of rubbish', `n,rubbish,${separator}${token}`],
    ['no token', `n,,${separator}${separator}`],
    ['no end', `n,,${separator}auth=Bearer good`],
    ['a token with spaces', `n,,${separator}auth=Bearer go od${separator}${separator}`],
    ['another kind of token', `n,,${separator}auth=Basic good${separator}${separator}`],
    ['half a megabyte of separators', separator.repeat(500_000)],
  ])('refuses %s', async (_what, message) => {
    expect(await outcome(new OauthBearerExchange(() => ({ user: 'alice' })), message)).toBe('refused')
  })
})

it('PLAIN refuses half a megabyte of ends', async () => {
  expect(await outcome(new PlainExchange(users), '\0'.repeat(500_000))).toBe('refused')
})
