export interface ProducerSettings {
  readonly brokers: readonly string[]
  /** The names of its streams begin with it: no two producers write to one stream. */
  readonly name: string
  readonly streams: number
  readonly perSecond: number
  readonly journalFile: string
}

export interface MemberSettings {
  readonly brokers: readonly string[]
  readonly group: string
  readonly name: string
  readonly journalFile: string
}

/** The group's session, in milliseconds: the shortest that Kafka's brokers allow by default. A member that is silent for longer is dead to the group. */
export const SESSION_TIMEOUT_MS = 6_000
export const HEARTBEAT_INTERVAL_MS = 1_000
