import {
  type Chunk,
  ClusterUnavailableError,
  type CommitRequest,
  type CommitResult,
  type ConsumerStatus,
  type DriverConsumer,
  type GroupListener,
  type GroupOptions,
  guardedLogger,
  silentLogger,
  type TopicPartition,
} from '@tributary/event-bus'
import type { Settings } from '../settings.ts'
import { Cluster } from '../wire/cluster.ts'
import { publicError } from '../wire/failures.ts'
import { readLog } from '../wire/log-reader.ts'
import { Assignment } from './assignment.ts'
import type { PartitionCount } from './assignor.ts'
import { Committer } from './committer.ts'
import { Fetcher } from './fetcher.ts'
import { GroupClient } from './group-client.ts'
import { Membership } from './membership.ts'
import { Ownership } from './ownership.ts'
import { SubscribedTopics } from './subscribed-topics.ts'
import { TopicWatch } from './topic-watch.ts'
import { TroubleLog } from './trouble-log.ts'

/** How long the coordinator is waited for when leaving, in milliseconds; without its answer the session timeout does the same, later. */
const LEAVE_TIMEOUT_MS = 2_000

/** Wires the parts of one membership together; each of them says what it is for. */
export class KafkajsConsumer implements DriverConsumer {
  readonly joined: Promise<void>
  readonly #cluster: Cluster
  readonly #ownership = new Ownership()
  readonly #closing = new AbortController()
  readonly #membership: Membership
  readonly #fetcher: Fetcher
  readonly #committer: Committer
  readonly #watch: TopicWatch
  readonly #topics: SubscribedTopics
  #onJoined: () => void = () => {}
  #onNotJoined: (error: Error) => void = () => {}
  #closed: Promise<void> | null = null

  constructor(settings: Settings, options: GroupOptions & { readonly clientId: string }, listener: GroupListener) {
    const { signal: closing } = this.#closing
    this.joined = new Promise((resolve, reject) => {
      this.#onJoined = resolve
      this.#onNotJoined = reject
    })
    this.joined.catch(() => {}) // `onFailed` tells as well; nobody has to wait here
    const cluster = new Cluster(settings, options.clientId)
    const ownership = this.#ownership
    const topics = new SubscribedTopics(options.topics)
    this.#topics = topics
    const logger = guardedLogger(settings.logger ?? options.logger ?? silentLogger).child({ group: options.group })
    const client = new GroupClient(cluster, options)
    const onFailed = (error: unknown): void => this.#membership.fail(publicError(error))
    const assignment = new Assignment(
      {
        cluster,
        client,
        ownership,
        listener,
        options,
        logger,
        isInContact: () => this.#membership.isInContact,
        onStarted: () => this.#fetcher.wake(),
        onFailed,
      },
      closing,
    )
    this.#cluster = cluster
    this.#fetcher = new Fetcher({
      cluster,
      ownership,
      options,
      topics,
      logger,
      closing,
      onChunk: (chunk) => listener.onChunk(chunk),
      startOver: (owned) => assignment.startOver(owned),
      onFailed,
    })
    const troubleLog = new TroubleLog(logger)
    this.#membership = new Membership(client, options, {
      topics: () => topics.all,
      claims: () => ownership.all(),
      adopt: (assigned, lost) => assignment.adopt(assigned, lost),
      lose: () => assignment.lose(),
      partitionCounts: (topics) => this.#partitionCounts(topics),
      onLeadershipFound: (assignedCounts) => this.#watch.compareWith(assignedCounts),
      onJoined: () => this.#onJoined(),
      onTrouble: (error) => troubleLog.note(error),
      onFailed: (error) => {
        this.#onNotJoined(error)
        listener.onFailed(error)
        void this.close()
      },
    })
    this.#watch = new TopicWatch({
      cluster,
      topics,
      logger,
      closing,
      mayLead: () => this.#membership.mayLead,
      onChanged: () => this.#membership.askToRejoin(),
      onLetGo: () => this.#membership.askToRejoin(),
      onDeleted: onFailed,
    })
    const timeoutMs = settings.requestTimeoutMs
    this.#committer = new Committer({ client, membership: this.#membership, ownership, timeoutMs, closing })
  }

  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    return this.#committer.commit(requests)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.#ownership.find(partition)
      if (owned !== undefined) owned.isPaused = true
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.#ownership.find(partition)
      if (owned !== undefined) owned.isPaused = false
    }
    this.#fetcher.wake()
  }

  seek(partition: TopicPartition, epoch: number, position: bigint): void {
    const owned = this.#ownership.find(partition)
    if (owned?.epoch !== epoch || owned.position === null) return
    owned.position = position
    this.#fetcher.wake()
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const stopped = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    return readLog(this.#cluster, partition, from, to, () => this.#ownership.find(partition)?.epoch ?? 0, stopped)
  }

  alsoRead(topics: readonly string[]): void {
    if (this.#topics.add(topics)) this.#membership.askToRejoin()
  }

  status(): ConsumerStatus {
    const status = this.#membership.status
    return { ...status, lastError: status.lastError ?? this.#fetcher.lastError ?? this.#watch.lastError }
  }

  close(): Promise<void> {
    this.#closed ??= this.#membership.close(LEAVE_TIMEOUT_MS).then(() => {
      this.#onNotJoined(new ClusterUnavailableError('the membership was closed before the group was joined'))
      this.#cluster.close()
    })
    this.#closing.abort()
    return this.#closed
  }

  async #partitionCounts(topics: readonly string[]): Promise<PartitionCount> {
    await this.#cluster.refresh(topics)
    const counts = new Map(topics.map((topic) => [topic, this.#cluster.topic(topic)?.leaders.length ?? 0]))
    this.#watch.compareWith(counts)
    return (topic) => counts.get(topic) ?? 0
  }
}
