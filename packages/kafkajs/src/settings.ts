import type { ConnectionOptions } from 'node:tls'
import { ConnectionConfigError, type Logger } from '@tributary/event-bus'
import type { CompressionName } from './wire/codecs/codecs.ts'

/** How to prove who we are. The password or token never appears in a message or a log line. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly oauthBearerProvider: () => Promise<{ value: string }> }

export interface KafkajsOptions {
  /** Addresses to start from, as `host:port`. One that answers is enough; the others are for the case that it does not. */
  readonly brokers: readonly string[]
  /** `true` for TLS with the system's certificate authorities, or Node's TLS options (`ca`, `cert`, `key`). @defaultValue plain text */
  readonly ssl?: boolean | ConnectionOptions
  /** @defaultValue no authentication */
  readonly sasl?: SaslOptions
  /** How long a connection may take to be established, in milliseconds. @defaultValue 5000 */
  readonly connectionTimeoutMs?: number
  /** How long a broker may take to answer, in milliseconds; then the connection is dropped and the request tried elsewhere. @defaultValue 10000 */
  readonly requestTimeoutMs?: number
  /** How often topics are looked at for new partitions and moved leaders, in milliseconds. @defaultValue 30000 */
  readonly metadataMaxAgeMs?: number
  /** How batches are compressed when written; reading understands all of them. @defaultValue 'none' */
  readonly compression?: CompressionName
  /** @defaultValue the logger of the bus */
  readonly logger?: Logger
}

/** The options with every default filled in. */
export interface Settings {
  readonly brokers: readonly BrokerAddress[]
  readonly ssl: ConnectionOptions | null
  readonly sasl: SaslOptions | null
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly metadataMaxAgeMs: number
  readonly compression: CompressionName
  /** Null where the logger of the bus serves. */
  readonly logger: Logger | null
}

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** @throws {ConnectionConfigError} that lists every fault found. */
export function settingsFrom(options: KafkajsOptions): Settings {
  const faults: string[] = []
  if (options.brokers.length === 0) faults.push('brokers: is empty; give at least one host:port')
  const brokers = options.brokers.flatMap((text) => {
    const address = addressFrom(text)
    if (address === null) faults.push(`brokers: ${JSON.stringify(text)} is not host:port`)
    return address === null ? [] : [address]
  })
  for (const name of ['connectionTimeoutMs', 'requestTimeoutMs', 'metadataMaxAgeMs'] as const) {
    const value = options[name]
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      faults.push(`${name}: must be more than 0 milliseconds, is ${value}`)
  }
  if (faults.length > 0) throw new ConnectionConfigError(`the kafkajs driver cannot start: ${faults.join('; ')}`)
  return {
    brokers,
    ssl: options.ssl === true ? {} : options.ssl || null,
    sasl: options.sasl ?? null,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 30_000,
    compression: options.compression ?? 'none',
    logger: options.logger ?? null,
  }
}

/** `host:port`, where the host may be an IPv6 address in brackets. */
function addressFrom(text: string): BrokerAddress | null {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text.trim())
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port === 0 || port > 65_535 ? null : { host, port }
}
