import type { TlsOptions } from 'node:tls'
import type { Operation } from './operations.ts'

/** Who a client is, as Kafka writes it: `User:alice`, or the distinguished name of a certificate. */
export type Principal = string

export const anonymous: Principal = 'User:ANONYMOUS'

/** What a bearer token says, once it was found valid. */
export interface BearerToken {
  /** Without `User:`. */
  readonly user: string
  /**
   * When it ends, in milliseconds since the Unix epoch. The client is told how long that is, and must authenticate again by then (KIP-368).
   * @defaultValue it does not end
   */
  readonly expiresAt?: number
}

/** SASL on every listener: nobody is served anything but ApiVersions before authentication. */
export interface SaslOptions {
  /** Passwords by user name, for PLAIN and for SCRAM. */
  readonly users?: Readonly<Record<string, string>>
  /** Looks at a token of OAUTHBEARER. `null` refuses it. */
  readonly validateToken?: (token: string) => BearerToken | null | Promise<BearerToken | null>
  /**
   * Which of the mechanisms are offered.
   * @defaultValue PLAIN and both SCRAMs with `users`, OAUTHBEARER with `validateToken`
   */
  readonly mechanisms?: readonly SaslMechanism[]
}

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

const userMechanisms: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/**
 * TLS on every listener; the options of `node:tls`. With `requestCert: true` and a `ca`, clients must show a certificate, and are known by its name: mutual TLS.
 */
export type ListenerTls = Pick<
  TlsOptions,
  'key' | 'cert' | 'ca' | 'pfx' | 'passphrase' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
>

/** Something that a client wants to do. */
export interface Access {
  readonly principal: Principal
  readonly operation: Operation
  readonly resource: 'topic' | 'group' | 'transactionalId' | 'cluster' | 'transactional-id'
  /** Of the resource; `kafka-cluster` for the cluster. */
  readonly name: string
  /** As Kafka writes it: `/127.0.0.1`. */
  readonly host: string
}

/** In place of access control lists: `false` answers with the resource's "not authorised" error. */
export type Authorize = (access: Access) => boolean

export interface Security {
  readonly sasl: SaslOptions | null
  readonly tls: ListenerTls | null
  readonly authorize: Authorize | null
}

/** Says everything that is wrong at once. */
export function securityFaults({ users, validateToken, mechanisms }: SaslOptions): string[] {
  const faults: string[] = []
  if (users === undefined && validateToken === undefined) faults.push('sasl has neither users nor validateToken')
  for (const mechanism of mechanisms ?? []) {
    const isOfUsers = userMechanisms.includes(mechanism)
    if (isOfUsers && users === undefined) faults.push(`sasl offers ${mechanism} and has no users`)
    else if (mechanism === 'OAUTHBEARER' && validateToken === undefined)
      faults.push('sasl offers OAUTHBEARER and has no validateToken')
    else if (!isOfUsers && mechanism !== 'OAUTHBEARER') faults.push(`sasl.mechanisms: ${mechanism} is not known here`)
  }
  return faults
}

export function mechanismsOf({ users, validateToken, mechanisms }: SaslOptions): readonly SaslMechanism[] {
  return (
    mechanisms ?? [
      ...(users === undefined ? [] : userMechanisms),
      ...(validateToken === undefined ? [] : (['OAUTHBEARER'] as const)),
    ]
  )
}
