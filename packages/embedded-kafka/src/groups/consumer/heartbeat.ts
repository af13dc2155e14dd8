import type { TopicPartitions } from './partition-key.ts'

/** What a member says. Null means: as before. */
export interface Heartbeat {
  readonly memberId: string
  /** 0 joins. */
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  /** Milliseconds that it may take to give partitions back; negative: as before. */
  readonly rebalanceTimeoutMs: number
  readonly topicNames: readonly string[] | null
  readonly topicRegex: string | null
  readonly assignor: string | null
  readonly owned: readonly TopicPartitions[] | null
  readonly clientId: string
  readonly clientHost: string
  /** Whether it may know of a topic: a regular expression matches no others. */
  sees(topic: string): boolean
}

export interface HeartbeatAnswer {
  readonly memberId: string
  readonly memberEpoch: number
  /** Milliseconds until the next one. */
  readonly heartbeatIntervalMs: number
  /** What it may use from now on; null while that is as before. */
  readonly assignment: readonly TopicPartitions[] | null
}

export interface Leave {
  readonly memberId: string
  /** -1 for good; -2 for a static member that means to come back. */
  readonly memberEpoch: number
  readonly instanceId: string | null
}

/** A full heartbeat says everything, and is told everything: a client sends one to join, and after an error. */
export function isFull({ memberEpoch, rebalanceTimeoutMs, topicNames, topicRegex, owned }: Heartbeat): boolean {
  return memberEpoch === 0 || (rebalanceTimeoutMs >= 0 && (topicNames ?? topicRegex) !== null && owned !== null)
}
