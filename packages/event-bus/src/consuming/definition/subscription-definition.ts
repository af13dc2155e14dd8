import { SubscriptionInvalidError } from '../../errors.ts'
import { type FailurePolicy, type ResolvedFailurePolicy, resolveFailurePolicy } from '../../failing/failure-policy.ts'
import type { BatchRegistration } from './batch-handler.ts'
import { definitionFaults } from './definition-faults.ts'
import type { HandlerRegistration } from './handler.ts'
import type { Order } from '../lanes/key-lanes.ts'
import { type RateLimit, type RateLimitOptions, resolveRateLimit } from '../attempts/rate-limit.ts'

export interface SubscriptionOptions {
  /** The consumer group: every group gets every event once, however many processes serve it. */
  readonly group: string
  /** `handle(event, fn)` or `handleBatch(event, options, fn)` for each event. */
  readonly on: readonly (HandlerRegistration | BatchRegistration)[]
  /**
   * Attempts that may run at the same time in this process, over all partitions. Each partition that is assigned has an equal share. What others do not use is
   * lent to a partition as its handlers end, so that one alone with its work has all after a few of them; one whose handlers hang keeps its share.
   *
   * @defaultValue 100
   */
  readonly concurrency?: number
  /**
   * Which records wait for each other: those of the same key, all of a partition, or none.
   *
   * @defaultValue 'key'
   */
  readonly order?: Order
  /**
   * How often handlers are called, for the sake of what they call: every attempt counts, the first as well as later ones. Each process has its own. What must
   * wait stays on the log once the partition holds as much as its `limits` allow.
   *
   * @defaultValue no limit
   */
  readonly rate?: RateLimitOptions
  readonly onFailure?: FailurePolicy
  readonly attempt?: Partial<AttemptLimits>
  readonly limits?: Partial<PartitionLimits>
  /**
   * What happens to events on the topics that no handler is for. `skip`: settled and counted. `dead-letter`: written to the dead-letter topic.
   *
   * @defaultValue 'skip'
   */
  readonly unknownTypes?: 'skip' | 'dead-letter'
  /**
   * How long attempts under way may take to end when a partition is given up or the subscription closes, in milliseconds. What has not ended then is fenced
   * and handled again by the next owner.
   *
   * @defaultValue 20,000
   */
  readonly drainMs?: number
  /**
   * Where a group that has committed nothing yet begins. Partitions that are added to a topic later begin at their first record in any case.
   *
   * @defaultValue 'earliest'
   */
  readonly startFrom?: 'earliest' | 'latest'
  readonly commit?: Partial<CommitPace>
  readonly session?: Partial<SessionLimits>
  readonly fetch?: Partial<FetchLimits>
}

export interface AttemptLimits {
  /**
   * How long one attempt may take, in milliseconds. Then its signal aborts and its outcome no longer counts; it has failed with `ATTEMPT_TIMEOUT`.
   *
   * @defaultValue 60,000
   */
  readonly deadlineMs: number
  /**
   * How long an aborted attempt may take to end, in milliseconds. Until it has, its key waits and its slot stays taken. After that it is given up: the next
   * attempt may start beside it, and it is counted in `health().abandoned`.
   *
   * @defaultValue 60,000
   */
  readonly abandonAfterMs: number
  /**
   * Attempts given up and still running at which `health().live` becomes false, so that the process is restarted: they leak whatever they hold.
   *
   * @defaultValue as many as `concurrency`
   */
  readonly maxAbandoned: number
}

export interface PartitionLimits {
  /**
   * Records of one partition in memory at which it is fetched no further; it is again at half of that.
   *
   * @defaultValue 2,000
   */
  readonly maxRecordsPerPartition: number
  /**
   * The same in bytes.
   *
   * @defaultValue 16,777,216 (16 MiB)
   */
  readonly maxBytesPerPartition: number
  /**
   * Records of one partition that wait behind slow keys and are kept as offsets instead of bytes, about 60 bytes each. Above it the partition is fetched no
   * further, until there are half as many.
   *
   * @defaultValue 100,000
   */
  readonly maxParkedPerPartition: number
  /**
   * Where the cluster refuses commit metadata: records settled beyond the committed offset, which a restart would run again, at which the partition is fetched
   * no further until there are half as many. Elsewhere the metadata keeps them, and this does not apply.
   *
   * @defaultValue 50,000
   */
  readonly maxUncommittedPerPartition: number
}

export interface CommitPace {
  /**
   * Longest time between the settlement of a record and the commit that contains it, in milliseconds. A crash runs again what was settled since.
   *
   * @defaultValue 1,000
   */
  readonly intervalMs: number
  /**
   * Settlements after which a commit is sent before its time.
   *
   * @defaultValue 5,000
   */
  readonly maxSettled: number
}

/** The group's deadlines; all members of a group should have the same. */
export interface SessionLimits {
  /**
   * A member that is silent for longer is dead to the group, in milliseconds. A handler that blocks the event loop makes it silent.
   *
   * @defaultValue 45,000
   */
  readonly sessionTimeoutMs: number
  /** @defaultValue 3,000 */
  readonly heartbeatIntervalMs: number
  /**
   * How long members may take to hand partitions over, in milliseconds. Must leave room for `drainMs` and a commit.
   *
   * @defaultValue 60,000
   */
  readonly rebalanceTimeoutMs: number
  /** Static membership: the name of this process in the group. A restart within the session timeout then moves no partition. */
  readonly instanceId: string | undefined
}

export interface FetchLimits {
  /**
   * Longest wait of a fetch for new records, in milliseconds.
   *
   * @defaultValue 500
   */
  readonly maxWaitMs: number
  /**
   * Bytes of one fetch response at most, unless a single record is larger.
   *
   * @defaultValue 8,388,608 (8 MiB)
   */
  readonly maxBytes: number
  /**
   * Bytes of one partition in a fetch response at most, unless a single record is larger.
   *
   * @defaultValue 1,048,576 (1 MiB)
   */
  readonly maxBytesPerPartition: number
}

/** A subscription as a value: it can be planned, printed and compared without running. */
export interface SubscriptionDefinition {
  readonly group: string
  readonly on: readonly (HandlerRegistration | BatchRegistration)[]
  /** The source topics of its events, each once. */
  readonly topics: readonly string[]
  readonly concurrency: number
  readonly order: Order
  readonly rate: RateLimit | null
  readonly onFailure: ResolvedFailurePolicy
  readonly attempt: AttemptLimits
  readonly limits: PartitionLimits
  readonly unknownTypes: 'skip' | 'dead-letter'
  readonly drainMs: number
  readonly startFrom: 'earliest' | 'latest'
  readonly commit: CommitPace
  readonly session: SessionLimits
  readonly fetch: FetchLimits
}

const MEBIBYTE = 1_048_576

/**
 * Describes what a group does with events. Nothing runs before `bus.subscribe`.
 *
 * @throws {SubscriptionInvalidError} that lists every fault found.
 */
export function defineSubscription(options: SubscriptionOptions): SubscriptionDefinition {
  const concurrency = options.concurrency ?? 100
  const definition: SubscriptionDefinition = {
    group: options.group,
    on: [...options.on],
    topics: [...new Set(options.on.map((registration) => registration.event.topic))],
    concurrency,
    order: options.order ?? 'key',
    rate: options.rate === undefined ? null : resolveRateLimit(options.rate),
    onFailure: resolveFailurePolicy(options.onFailure),
    attempt: { deadlineMs: 60_000, abandonAfterMs: 60_000, maxAbandoned: concurrency, ...options.attempt },
    limits: {
      maxRecordsPerPartition: 2_000,
      maxBytesPerPartition: 16 * MEBIBYTE,
      maxParkedPerPartition: 100_000,
      maxUncommittedPerPartition: 50_000,
      ...options.limits,
    },
    unknownTypes: options.unknownTypes ?? 'skip',
    drainMs: options.drainMs ?? 20_000,
    startFrom: options.startFrom ?? 'earliest',
    commit: { intervalMs: 1_000, maxSettled: 5_000, ...options.commit },
    session: {
      sessionTimeoutMs: 45_000,
      heartbeatIntervalMs: 3_000,
      rebalanceTimeoutMs: 60_000,
      instanceId: undefined,
      ...options.session,
    },
    fetch: { maxWaitMs: 500, maxBytes: 8 * MEBIBYTE, maxBytesPerPartition: MEBIBYTE, ...options.fetch },
  }
  const faults = definitionFaults(definition)
  if (faults.length > 0) {
    throw new SubscriptionInvalidError(
      `subscription of group '${options.group}' cannot work:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    )
  }
  return Object.freeze(definition)
}
