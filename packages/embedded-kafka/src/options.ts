import { type Authorize, type ListenerTls, type SaslOptions, securityFaults } from './security/options.ts'

/** Options of {@link startEmbeddedKafka}. Defaults are Kafka's, except where it says otherwise. */
export interface EmbeddedKafkaOptions {
  /**
   * How many virtual brokers, each with a listener of its own. Their ids are 0, 1, 2, …
   * @defaultValue 1
   */
  readonly brokers?: number
  /**
   * The port of the first broker; the others follow. 0 lets the system choose free ones.
   * @defaultValue 0
   */
  readonly port?: number
  /**
   * The address on which to listen, and which clients are told.
   * @defaultValue `127.0.0.1`
   */
  readonly host?: string
  /**
   * Whether a client that asks for an unknown topic gets one, as far as it agrees itself.
   * @defaultValue true
   */
  readonly autoCreateTopics?: boolean
  /**
   * Partitions of a topic that is created without a number.
   * @defaultValue 1
   */
  readonly defaultPartitions?: number
  /**
   * Replicas of a topic that is created without a number. Kafka's default is 1; here a topic survives the stop of a broker.
   * @defaultValue the number of brokers, at most 3
   */
  readonly defaultReplicationFactor?: number
  /**
   * After how long a connection is closed on which nothing moves, in milliseconds of real time: `connections.max.idle.ms`. One whose client
   * waits for an answer is not idle. Lower it to see how a client takes it.
   * @defaultValue 600_000
   */
  readonly connectionsMaxIdleMs?: number
  /**
   * How long a new group waits for more members, in milliseconds. Kafka's default is 3,000.
   * @defaultValue 0
   */
  readonly groupInitialRebalanceDelayMs?: number
  /**
   * The shortest session timeout that a member may ask for, in milliseconds. Lower it to see sessions expire in a test.
   * @defaultValue 6_000
   */
  readonly groupMinSessionTimeoutMs?: number
  /**
   * The longest session timeout that a member may ask for, in milliseconds.
   * @defaultValue 1_800_000
   */
  readonly groupMaxSessionTimeoutMs?: number
  /**
   * How often members of the newer group protocol (`group.protocol=consumer`) are told to send heartbeats, in milliseconds.
   * A member hears of a rebalance at its next one: lower it where a test waits for several.
   * @defaultValue 5_000
   */
  readonly consumerGroupHeartbeatIntervalMs?: number
  /**
   * How long a member of the newer group protocol may be silent before others get its partitions, in milliseconds.
   * @defaultValue 45_000
   */
  readonly consumerGroupSessionTimeoutMs?: number
  /**
   * A directory for topics, records and committed offsets, so that the next start finds them. Made if it is missing; refused
   * while another process uses it, or when it holds something else.
   * @defaultValue none: everything is in memory and gone at the end
   */
  readonly dataDir?: string
  /**
   * When what was written goes to the disk. With `system` the operating system decides: a killed process loses nothing, a
   * power cut may. With `each` no answer leaves before what it speaks of is there; writers that wait share one flush.
   * @defaultValue `system`, as in Kafka
   */
  readonly flush?: 'each' | 'system'
  /**
   * Time stands still for the brokers: it is this time, in milliseconds since 1970, until `kafka.advanceClock` puts it
   * forward. Nothing expires because a test is slow, and stamps are known. Nothing ends by itself either, long polls included.
   * @defaultValue the system's time, which passes
   */
  readonly clockStandsAt?: number
  /**
   * Who may connect: user names and passwords, or tokens.
   * @defaultValue nobody is asked
   */
  readonly sasl?: SaslOptions
  /**
   * TLS, and mutual TLS, on all listeners.
   * @defaultValue plain text
   */
  readonly tls?: ListenerTls
  /**
   * In place of access control lists: asked for each topic, group or the cluster that a request wants to touch.
   * @defaultValue everybody may do everything
   */
  readonly authorize?: Authorize
  /**
   * Hears of connections that were closed because of what came over them, of no more than twenty in ten seconds, and of trouble with the
   * data directory.
   * @defaultValue `console.warn`
   */
  readonly warn?: (message: string) => void
}

/** A topic that is created from within the process. */
export interface TopicOptions {
  /** @defaultValue `defaultPartitions` of the cluster */
  readonly partitions?: number
  /** @defaultValue `defaultReplicationFactor` of the cluster */
  readonly replicationFactor?: number
  /** Kafka's topic settings by name, such as `{ 'max.message.bytes': '2000' }`. */
  readonly configs?: Readonly<Record<string, string>>
  /**
   * Where the log of each partition begins: a log that lost its past, or one with offsets beyond 2^53.
   * @defaultValue 0n
   */
  readonly startOffset?: bigint
}

/** The options cannot be obeyed. */
export class EmbeddedKafkaOptionsError extends Error {
  readonly code = 'EMBEDDED_KAFKA_OPTIONS' as const

  constructor(faults: readonly string[]) {
    super(`startEmbeddedKafka: ${faults.join('; ')}`)
    this.name = 'EmbeddedKafkaOptionsError'
  }
}

/** Says everything that is wrong at once. */
export function checkOptions(options: EmbeddedKafkaOptions): void {
  const { brokers = 1, port = 0, defaultReplicationFactor, defaultPartitions = 1, dataDir, flush } = options
  const { connectionsMaxIdleMs = 600_000 } = options
  const faults: string[] = []
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > 100) faults.push(`brokers is ${brokers}, not 1 to 100`)
  if (!Number.isInteger(port) || port < 0 || port + brokers > 65_536) faults.push(`port is ${port}`)
  if (!Number.isInteger(defaultPartitions) || defaultPartitions < 1)
    faults.push(`defaultPartitions is ${defaultPartitions}, not a positive integer`)
  if (defaultReplicationFactor !== undefined && (defaultReplicationFactor < 1 || defaultReplicationFactor > brokers))
    faults.push(`defaultReplicationFactor is ${defaultReplicationFactor}, not 1 to ${brokers}`)
  if (!Number.isInteger(connectionsMaxIdleMs) || connectionsMaxIdleMs < 1 || connectionsMaxIdleMs >= 2 ** 31)
    faults.push(`connectionsMaxIdleMs is ${connectionsMaxIdleMs}, not 1 to 2147483647`)
  if (flush !== undefined && flush !== 'each' && flush !== 'system')
    faults.push(`flush is '${flush}', not each or system`)
  if (flush !== undefined && dataDir === undefined) faults.push('flush is given without dataDir')
  if (dataDir === '') faults.push('dataDir is empty')
  const { clockStandsAt } = options
  if (clockStandsAt !== undefined && !(Number.isSafeInteger(clockStandsAt) && clockStandsAt >= 0))
    faults.push(`clockStandsAt is ${clockStandsAt}, not milliseconds since 1970`)
  if (options.sasl !== undefined) faults.push(...securityFaults(options.sasl))
  if (faults.length > 0) throw new EmbeddedKafkaOptionsError(faults)
}
