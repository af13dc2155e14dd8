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
  /** Writes and reads `count` records and tells how many it read, where a client has tools of its own for that. */
  load?(topic: string, count: number): Promise<number>
  /** Reads `count` records of partition 0 without a group. */
  read(topic: string, from: Position, count: number): Promise<Received[]>
  /** Begins to consume as a member of a group that reads from the beginning what it never committed. */
  join(group: string, topic: string): Promise<Member>
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

/** How the members of a client's groups come to their partitions. */
export type GroupProtocol = 'classic' | 'consumer'

/** A client that is compared. `cannot` tells, for scenarios that it has no way to run, why. */
export interface Client {
  readonly name: string
  readonly cannot?: Readonly<Record<string, string>>
  /** For a client that is in the list under another name too: what is different under this one. @defaultValue all */
  readonly only?: readonly string[]
  /** Codecs that it brings along. @defaultValue all */
  readonly codecs?: readonly Codec[]
  /** Fetches what it needs the first time. */
  start(bootstrap: string): Promise<Driver>
}
