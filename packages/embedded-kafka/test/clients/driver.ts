/**
 * What every client is asked to do, whatever its own API looks like. A scenario is written once, against this; a client is one file that implements it.
 * Keys, values and headers are text, and records go to partition 0 unless they say otherwise: enough to tell answers apart.
 */
export interface Driver {
  createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void>
  addPartitions(topic: string, total: number): Promise<void>
  deleteTopic(topic: string): Promise<void>
  /** How many partitions it has; 0 while there is no such topic. */
  partitions(topic: string): Promise<number>
  setting(topic: string, name: string): Promise<string>
  changeSetting(topic: string, name: string, value: string): Promise<void>
  /** Resolves when all are acknowledged. */
  produce(topic: string, records: readonly Sent[], how: Producing): Promise<void>
  /** Reads `count` records of partition 0 without a group. */
  read(topic: string, from: Position, count: number): Promise<Received[]>
  /** Begins to consume as a member of a group that reads from the beginning what it never committed. */
  join(group: string, topic: string, isolation: Isolation): Promise<Member>
  /** Not there for a client that cannot. */
  readonly transactions?: Transactions
  /** The committed offset of partition 0; -1 for none. */
  committed(group: string, topic: string): Promise<number>
  /** Kafka's word for it, such as `Stable`. */
  groupState(group: string): Promise<string>
  deleteGroup(group: string): Promise<void>
  /** Makes the records of partition 0 before that offset unreadable. */
  deleteRecords(topic: string, before: number): Promise<void>
  close(): Promise<void>
}

export interface Member {
  /** The partitions that it has now. */
  assigned(): Promise<number[]>
  /** The values of the next `count` records. */
  take(count: number): Promise<(string | null)[]>
  /** Commits what was taken. */
  commit(): Promise<void>
  leave(): Promise<void>
}

export interface Transactions {
  /** Fences the producers before it with the same id; what they left open is aborted when it is here. */
  producer(transactionalId: string): Promise<TransactionalProducer>
  transformer(transactionalId: string, group: string, topic: string): Promise<Transformer>
}

/** One transaction at a time. */
export interface TransactionalProducer {
  begin(): Promise<void>
  /** Resolves when all are acknowledged. */
  send(topic: string, values: readonly string[]): Promise<void>
  commit(): Promise<Ending>
  abort(): Promise<void>
  close(): Promise<void>
}

/** `fenced` is one word for what each client calls it when another producer has taken its id. */
export type Ending = 'committed' | 'fenced'

/** Consumes as a member of a group, and produces in transactions that commit what was consumed. */
export interface Transformer extends TransactionalProducer {
  /** The values of the next `count` records. */
  take(count: number): Promise<(string | null)[]>
  /** Adds to the transaction the offset up to which was taken. */
  sendOffsets(): Promise<void>
}

export interface Sent {
  readonly key?: string | null
  readonly value: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly timestamp?: number
}

export interface Received {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Producing {
  readonly codec: Codec
  readonly idempotent: boolean
}

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

export type Position = { readonly offset: number } | { readonly timestamp: number }

export type Isolation = 'read_committed' | 'read_uncommitted'

/** How the members of a client's groups come to their partitions. */
export type GroupProtocol = 'classic' | 'consumer'

/** The scenarios in which that matters. */
export const groupScenarios = ['group', 'rebalance', 'five members', 'transform'] as const

/** A client that is compared. */
export interface Client {
  readonly name: string
  /** Why, for scenarios that it has no way to run. */
  readonly cannot?: Readonly<Record<string, string>>
  /** What it makes of a scenario on every broker, where others get something else, and why. */
  readonly peculiar?: Readonly<Record<string, { readonly answer: unknown; readonly why: string }>>
  /** For a client that is in the list under another name too: what is different under this one. @defaultValue all */
  readonly only?: readonly string[]
  /** Codecs that it brings along. @defaultValue all */
  readonly codecs?: readonly Codec[]
  /** Fetches what it needs the first time. */
  start(bootstrap: string): Promise<Driver>
  /** Ends what its drivers share, once all are closed. */
  end?(): Promise<void>
}
