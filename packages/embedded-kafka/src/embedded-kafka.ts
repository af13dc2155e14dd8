import { Broker } from './cluster/broker.ts'
import { SystemClock } from './cluster/clock.ts'
import { type BrokerNode, Cluster } from './cluster/cluster.ts'
import type { Partition } from './cluster/partition.ts'
import { isTopicName } from './cluster/topic.ts'
import { configFault } from './cluster/topic-config.ts'
import { Faults } from './faults/faults.ts'
import type { CommittedPartition } from './groups/committed-offsets.ts'
import { type IsolationLevel, logRecords } from './log/log-records.ts'
import type { LogRecord } from './log/records.ts'
import { Intake } from './network/intake.ts'
import { checkOptions, type EmbeddedKafkaOptions, type TopicOptions } from './options.ts'
import { openStorage } from './storage/open-storage.ts'
import type { TransactionDescription } from './transactions/transaction.ts'

/**
 * Starts a cluster of virtual brokers in this process, each listening on TCP for any Kafka client.
 * For demos, development and tests, never for production. Everything is in memory, and gone at the end, unless there is a `dataDir`.
 *
 * @throws {EmbeddedKafkaOptionsError} when the options cannot be obeyed, also because of what is in `dataDir`;
 * the system's own error when a port is taken.
 */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
  checkOptions(options)
  const {
    brokers: count = 1,
    port = 0,
    host = '127.0.0.1',
    warn = (message: string) => console.warn(message),
  } = options
  const nodes: BrokerNode[] = Array.from({ length: count }, (_, id) => ({
    id,
    host,
    port: port === 0 ? 0 : port + id,
    isUp: false,
  }))
  const clock = new SystemClock(options.clockStandsAt)
  const faults = new Faults({
    brokerCount: count,
    clock,
    leaderOf: (topic, partition) => cluster.partition(topic, partition)?.leader,
  })
  const security = { sasl: options.sasl ?? null, tls: options.tls ?? null, authorize: options.authorize ?? null }
  const storage = openStorage(options, faults.diskRoom, warn)
  const cluster = await Cluster.open(
    {
      autoCreateTopics: options.autoCreateTopics ?? true,
      defaultPartitions: options.defaultPartitions ?? 1,
      defaultReplicationFactor: options.defaultReplicationFactor ?? Math.min(count, 3),
      groupInitialRebalanceDelayMs: options.groupInitialRebalanceDelayMs ?? 0,
      groupMinSessionTimeoutMs: options.groupMinSessionTimeoutMs ?? 6_000,
      groupMaxSessionTimeoutMs: options.groupMaxSessionTimeoutMs ?? 1_800_000,
      consumerGroupHeartbeatIntervalMs: options.consumerGroupHeartbeatIntervalMs ?? 5_000,
      consumerGroupSessionTimeoutMs: options.consumerGroupSessionTimeoutMs ?? 45_000,
    },
    clock,
    nodes,
    { storage, warn },
  )
  const { connectionsMaxIdleMs: maxIdleMs = 600_000 } = options
  const setting = { cluster, faults, security, warn, intake: new Intake(), maxIdleMs }
  const brokers = nodes.map((node) => new Broker(node, setting))
  const kafka = new EmbeddedKafka(cluster, brokers, faults, clock)
  try {
    for (const broker of brokers) await broker.listen()
    // Groups of an earlier process have no coordinator before there is a broker.
    cluster.groups.returned()
    cluster.transactions.completeAll()
  } catch (error) {
    await kafka.close()
    throw error
  }
  return kafka
}

/** A running cluster: where to connect, what is on its logs, and the levers for everything that can go wrong. */
export class EmbeddedKafka implements AsyncDisposable {
  /** Staging of faults: `kafka.faults.on('Produce', { topic: 'orders', nth: 2 }).failWith('NOT_LEADER_OR_FOLLOWER')`. */
  readonly faults: Faults
  readonly #cluster: Cluster
  readonly #brokers: readonly Broker[]
  readonly #clock: SystemClock
  #closed: Promise<void> | undefined

  /** Made by {@link startEmbeddedKafka}. @internal */
  constructor(cluster: Cluster, brokers: readonly Broker[], faults: Faults, clock: SystemClock) {
    this.#cluster = cluster
    this.#brokers = brokers
    this.#clock = clock
    this.faults = faults
  }

  /** `host:port` of every broker, stopped ones included: a stopped broker comes back on its port. */
  get bootstrapServers(): string[] {
    return this.#brokers.map((broker) => broker.address)
  }

  createTopic(name: string, options: TopicOptions = {}): void {
    const { defaultPartitions, defaultReplicationFactor } = this.#cluster.options
    const configs = new Map(Object.entries(options.configs ?? {}))
    const fault = [...configs].map(([setting, value]) => configFault(setting, value)).find((each) => each !== undefined)
    if (fault) throw new RangeError(`createTopic: ${fault}`)
    if (!isTopicName(name)) throw new RangeError(`createTopic: '${name}' is not a topic name`)
    if (this.#cluster.topic(name)) throw new RangeError(`createTopic: topic '${name}' exists`)
    this.#cluster.createTopic(name, {
      partitions: options.partitions ?? defaultPartitions,
      replicationFactor: options.replicationFactor ?? defaultReplicationFactor,
      configs,
      startOffset: options.startOffset ?? 0n,
    })
  }

  /** Names of all topics. */
  topics(): string[] {
    return [...this.#cluster.topics].map(({ name }) => name)
  }

  partitionCount(topic: string): number {
    return this.#cluster.topic(topic)?.partitions.length ?? 0
  }

  /**
   * What lies on the log, decoded without any client: the oracle for "nothing lost, nothing twice". Records of transactions
   * that were aborted or are still open lie there too; with `read_committed` they are left out.
   */
  log(topic: string, partition: number, isolation: IsolationLevel = 'read_uncommitted'): LogRecord[] {
    const { log } = this.#partition(topic, partition)
    return logRecords(log, isolation)
  }

  /** The batches of a partition, byte for byte. */
  rawBatches(topic: string, partition: number): Buffer[] {
    return Array.from(this.#partition(topic, partition).log.batches(), ({ bytes }) => Buffer.from(bytes))
  }

  /** The first offset that can be read, and the one that the next record will get. */
  offsets(topic: string, partition: number): { startOffset: bigint; endOffset: bigint } {
    const { startOffset, endOffset } = this.#partition(topic, partition).log
    return { startOffset, endOffset }
  }

  /** What a group has committed; empty for a group that never did. */
  committed(group: string): CommittedPartition[] {
    return [...(this.#cluster.groups.get(group)?.offsets.all() ?? [])]
  }

  /** State, generation (of the newer protocol: the group's epoch) and member ids of a group; undefined for one that nobody asked for. */
  group(group: string): { state: string; generationId: number; memberIds: string[] } | undefined {
    const found = this.#cluster.groups.get(group)
    if (!found) return undefined
    const generationId = found.type === 'classic' ? found.generationId : found.epoch
    return { state: found.state, generationId, memberIds: found.members.map(({ id }) => id) }
  }

  /** State, producer and partitions of a transactional id; undefined for one that nobody began with. */
  transaction(transactionalId: string): TransactionDescription | undefined {
    const found = this.#cluster.transactions.get(transactionalId)
    if (!found) return undefined
    return { state: found.state, ...found.producer, partitions: found.partitions }
  }

  /** The id of the broker that leads a partition; -1 when none does. */
  leaderOf(topic: string, partition: number): number {
    return this.#partition(topic, partition).leader
  }

  /** The id of the broker that coordinates a group; undefined while all are down. */
  coordinatorOf(group: string): number | undefined {
    return this.#cluster.groups.coordinatorOf(group)
  }

  /** The id of the broker that coordinates a transactional id; undefined while all are down. */
  transactionCoordinatorOf(transactionalId: string): number | undefined {
    return this.#cluster.transactions.coordinatorOf(transactionalId)
  }

  /** The broker's listener closes and its connections are cut. Its partitions and groups go to brokers that live; data stays. */
  async stopBroker(id: number): Promise<void> {
    const stopped = this.#broker(id).stop()
    this.#cluster.electLeaders()
    this.#cluster.groups.leave(id)
    this.#cluster.transactions.leave(id)
    await stopped
  }

  /** A stopped broker comes back on its port. It leads what has no other leader; the rest stays where it is. */
  async startBroker(id: number): Promise<void> {
    await this.#broker(id).listen()
    this.#cluster.electLeaders()
    this.#cluster.groups.returned()
  }

  moveLeader(topic: string, partition: number, brokerId: number): void {
    this.#mustBeUp(brokerId)
    this.#partition(topic, partition).moveTo(brokerId)
  }

  moveCoordinator(group: string, brokerId: number): void {
    this.#mustBeUp(brokerId)
    this.#cluster.groups.move(group, brokerId)
  }

  moveTransactionCoordinator(transactionalId: string, brokerId: number): void {
    this.#mustBeUp(brokerId)
    this.#cluster.transactions.move(transactionalId, brokerId)
  }

  /** Cuts connections without a word: those of one broker, of one client id, or all. Returns how many. */
  cutConnections(which: { broker?: number; clientId?: string } = {}): number {
    return this.#chosen(which.broker).reduce((cut, broker) => cut + broker.cutConnections(which.clientId), 0)
  }

  /**
   * Brokers take connections and requests, and do nothing with them, like a stopped process.
   * The returned function lets them go on; what was asked meanwhile is done then.
   */
  pauseAnswers(which: { broker?: number } = {}): () => void {
    const silent = this.#chosen(which.broker)
    for (const broker of silent) broker.fallSilent()
    return () => {
      for (const broker of silent) broker.speak()
    }
  }

  /**
   * Puts the broker's clock forward, from one moment at which something falls due to the next: sessions, rebalances and
   * transactions time out, long polls and delays end, records grow old, tombstones may go, tokens end. Resolves when retention and compaction have run, if they were due: compaction 15 seconds after a
   * write, retention five minutes after one, and when records grow too old.
   */
  async advanceClock(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0)) throw new RangeError(`advanceClock: ${milliseconds} is no time to come`)
    await this.#clock.advance(milliseconds)
    await this.#cluster.cleaner.idle()
  }

  /** Ends everything; without a data directory, what was on the logs is gone. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()))
    this.faults.clear()
    await this.#cluster.close()
  }

  #chosen(id: number | undefined): readonly Broker[] {
    return id === undefined ? this.#brokers : [this.#broker(id)]
  }

  #broker(id: number): Broker {
    const broker = this.#brokers[id]
    if (!broker) throw new RangeError(`there is no broker ${id}; ids are 0 to ${this.#brokers.length - 1}`)
    return broker
  }

  #mustBeUp(id: number): void {
    this.#broker(id)
    if (!this.#cluster.liveBrokers.some((broker) => broker.id === id)) throw new RangeError(`broker ${id} is stopped`)
  }

  #partition(topic: string, index: number): Partition {
    const partition = this.#cluster.partition(topic, index)
    if (!partition) throw new RangeError(`there is no partition ${index} of topic '${topic}'`)
    return partition
  }
}
