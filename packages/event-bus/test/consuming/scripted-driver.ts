import type {
  AssignedPartition,
  CommitOutcome,
  CommitRequest,
  ConsumerStatus,
  Driver,
  DriverAdmin,
  DriverConsumer,
  DriverProducer,
  GroupListener,
  GroupOptions,
  RawRecord,
  TopicPartition,
} from '../../src/driver.ts'
import { type RecordOnLog, rawRecord } from '../../src/raw-record.ts'

/** A driver whose every word is written by the test. It checks nothing: a test may be as rude as a broker. */
export class ScriptedDriver implements Driver {
  readonly name = 'scripted'
  readonly commits: CommitRequest[] = []
  readonly appended: { topic: string; partition: number; record: RecordOnLog }[] = []
  readonly calls: string[] = []
  options: (GroupOptions & { readonly clientId: string }) | null = null
  state: ConsumerStatus['state'] = 'stable'
  lastError: Error | null = null
  /** What becomes of a commit. */
  commitOutcome: (request: CommitRequest) => CommitOutcome = () => 'committed'
  /** Holds commits back until it resolves. */
  commitGate: Promise<void> = Promise.resolve()
  /** Throws to refuse an append; a promise makes it slow. */
  onAppend: (topic: string, record: RecordOnLog) => void | Promise<void> = () => {}
  partitionsOf: (topic: string) => number = () => 4
  #listener: GroupListener | null = null
  #epoch = 0
  readonly joined = Promise.withResolvers<void>()

  get listener(): GroupListener {
    if (this.#listener === null) throw new Error('nobody joined')
    return this.#listener
  }

  /** The last committed offset of a partition. */
  committed(partition: number, topic = 'orders'): bigint | undefined {
    return this.commits.findLast((commit) => commit.topic === topic && commit.partition === partition)?.nextOffset
  }

  /** Gains a partition and answers how to speak of it. */
  async assign(partition: number, given: Partial<AssignedPartition> = {}): Promise<ScriptedPartition> {
    this.#epoch += 1
    const assigned: AssignedPartition = {
      topic: 'orders',
      partition,
      epoch: this.#epoch,
      committed: null,
      logStartOffset: 0n,
      logEndOffset: 0n,
      ...given,
    }
    const [start] = await this.listener.onAssigned([assigned])
    return new ScriptedPartition(this.listener, assigned, start?.position ?? -1n)
  }

  joinGroup(options: GroupOptions & { readonly clientId: string }, listener: GroupListener): DriverConsumer {
    this.options = options
    this.#listener = listener
    return {
      joined: this.joined.promise,
      commit: async (requests) => {
        await this.commitGate
        return requests.map((request) => {
          const outcome = this.commitOutcome(request)
          if (outcome === 'committed') this.commits.push(request)
          return { topic: request.topic, partition: request.partition, outcome }
        })
      },
      pause: (partitions) => this.#note('pause', partitions),
      resume: (partitions) => this.#note('resume', partitions),
      seek: (partition, epoch, position) => this.#note(`seek ${epoch} ${position}`, [partition]),
      // biome-ignore lint/correctness/useYield: the engine under test reads no ranges
      readRange: async function* () {
        throw new Error('not scripted')
      },
      alsoRead: (topics) => void this.calls.push(...topics.map((topic) => `also read ${topic}`)),
      status: () => ({
        state: this.state,
        memberId: 'm',
        generation: 1,
        lastHeartbeatAt: null,
        lastError: this.lastError,
      }),
      close: async () => void this.calls.push('close consumer'),
    }
  }

  createProducer(): DriverProducer {
    return {
      partitionCount: async (topic) => this.partitionsOf(topic),
      append: async ({ topic, partition }, records) => {
        for (const outgoing of records) {
          const record = rawRecord(outgoing)
          await this.onAppend(topic, record)
          this.appended.push({ topic, partition, record })
        }
        return { baseOffset: 0n }
      },
      close: async () => void this.calls.push('close producer'),
    }
  }

  /** For what the engine asks an admin; the rest is not there. */
  onCommitted: (group: string, topic: string) => Promise<Awaited<ReturnType<DriverAdmin['committed']>>> = async () => []

  /** Topics of the cluster. */
  onListTopics: () => Promise<readonly string[]> = async () => []

  /** Admins that nobody has closed. */
  openAdmins = 0

  createAdmin(): DriverAdmin {
    this.openAdmins += 1
    const notScripted = (): never => {
      throw new Error('not scripted')
    }
    return {
      committed: (group, topic) => this.onCommitted(group, topic),
      close: async () => {
        this.openAdmins -= 1
      },
      listTopics: () => this.onListTopics(),
      describeTopics: notScripted,
      createTopics: notScripted,
      deleteTopics: notScripted,
      createPartitions: notScripted,
      topicConfigs: notScripted,
      alterTopicConfigs: notScripted,
      offsets: notScripted,
      setCommitted: notScripted,
      readRange: notScripted,
    }
  }

  async close(): Promise<void> {}

  #note(call: string, partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.calls.push(`${call} ${topic}/${partition}`)
  }
}

/** A partition in one epoch, as the driver hands it out. */
export class ScriptedPartition {
  readonly #listener: GroupListener
  readonly #assigned: AssignedPartition
  position: bigint

  constructor(listener: GroupListener, assigned: AssignedPartition, position: bigint) {
    this.#listener = listener
    this.#assigned = assigned
    this.position = position
  }

  get epoch(): number {
    return this.#assigned.epoch
  }

  /** Hands out the next records; offsets follow each other from the position. */
  deliver(records: readonly Partial<RawRecord>[], given: { gapAfter?: bigint; bytes?: number } = {}): void {
    const fetchedFrom = this.position
    const next = fetchedFrom + BigInt(records.length) + (given.gapAfter ?? 0n)
    this.position = next
    this.deliverChunk(fetchedFrom, next, records, given.bytes)
  }

  /** Hands out that so many offsets at the position have left the log. */
  expire(offsets: bigint): void {
    const { topic, partition, epoch } = this.#assigned
    const fetchedFrom = this.position
    this.position += offsets
    const bounds = { fetchedFrom, nextPosition: this.position, highWatermark: this.position }
    this.#listener.onChunk({ topic, partition, epoch, ...bounds, bytes: 0, records: [], isExpired: true })
  }

  /** A chunk as it comes, whether it fits or not. */
  deliverChunk(
    fetchedFrom: bigint,
    nextPosition: bigint,
    records: readonly Partial<RawRecord>[],
    bytes = records.length * 100,
    epoch = this.epoch,
  ): void {
    const { topic, partition } = this.#assigned
    this.#listener.onChunk({
      topic,
      partition,
      epoch,
      fetchedFrom,
      nextPosition,
      highWatermark: nextPosition,
      bytes,
      records: records.map((record, index) => ({
        offset: fetchedFrom + BigInt(index),
        timestamp: 1_000,
        key: null,
        value: null,
        headers: [],
        ...record,
      })),
    })
  }

  revoke(signal: AbortSignal = new AbortController().signal): Promise<void> {
    return this.#listener.onRevoking([this.#assigned], signal)
  }

  lose(): void {
    this.#listener.onLost([this.#assigned])
  }
}
