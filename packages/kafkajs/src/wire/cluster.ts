import { ClusterUnavailableError } from '@tributary/event-bus'
import type { BrokerAddress, Settings } from '../settings.ts'
import { findCoordinator, metadata } from './apis.ts'
import { type ConnectStage, code, hopelessConnection, LinkError, throwOnCode } from './failures.ts'
import { ConnectError, Link } from './link.ts'

/** As of the last refresh. A leader of -1 means that the partition has none at the moment. */
export interface TopicMetadata {
  readonly errorCode: number
  readonly leaders: readonly number[]
  readonly replicationFactor: number
  readonly isInternal: boolean
}

/**
 * What a connection is for. A broker answers the requests of one connection one after the other, so whatever may wait there (a long poll, a join)
 * has a connection of its own, and a commit never stands behind it.
 */
export type Purpose = 'control' | 'group' | 'commit' | 'fetch' | 'fetch-beside' | 'produce' | 'range'

/**
 * Attempts must end in the same way, from the first one on, this often and for this long before the settings are blamed rather than the weather: a
 * container's port takes connections and closes them while the broker behind it is still starting.
 */
const ATTEMPTS_BEFORE_BLAME = 3
const BLAME_AFTER_MS = 3_000

/**
 * Who is who in the cluster, and connections to it. One for each producer, consumer and admin: they share nothing, so that none can wait for, or
 * be confused by, another.
 */
export class Cluster {
  readonly settings: Settings
  readonly #clientId: string
  readonly #brokers = new Map<number, BrokerAddress>()
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #links = new Map<string, Promise<Link>>()
  readonly #coordinators = new Map<string, number>()
  #controllerId = -1
  #wanted = new Set<string>()
  #refreshing: Promise<void> = Promise.resolve()
  #nextRefresh: Promise<void> | null = null
  #hasAnswered = false
  #sameFailures = 0
  #lastStage: ConnectStage | null = null
  #firstFailureAt = 0
  #nextSeed = 0
  #isClosed = false

  constructor(settings: Settings, clientId: string) {
    this.settings = settings
    this.#clientId = clientId
  }

  get controllerId(): number {
    return this.#controllerId
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  topicNames(): string[] {
    return [...this.#topics.keys()]
  }

  /** Node id of the leader; -1 where it is not known. */
  leader(topic: string, partition: number): number {
    return this.#topics.get(topic)?.leaders[partition] ?? -1
  }

  /** Asks for these topics again; calls that come while one is under way are answered together by the next. No topics: only brokers. */
  refresh(topics: Iterable<string>): Promise<void> {
    for (const topic of topics) this.#wanted.add(topic)
    this.#nextRefresh ??= this.#refreshing
      .catch(() => {})
      .then(() => {
        const wanted = [...this.#wanted]
        this.#wanted = new Set()
        this.#nextRefresh = null
        this.#refreshing = this.#fetchMetadata(wanted)
        return this.#refreshing
      })
    return this.#nextRefresh
  }

  /** Learns of every topic of the cluster. */
  async refreshAll(): Promise<void> {
    await this.#fetchMetadata([])
  }

  async #fetchMetadata(topics: readonly string[]): Promise<void> {
    const link = await this.control()
    const answer = await this.#firstRequest(link, () =>
      link.call(metadata, { topics, allowAutoTopicCreation: false }, this.settings.requestTimeoutMs),
    )
    this.#brokers.clear()
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port })
    this.#controllerId = answer.controllerId
    if (topics.length === 0) this.#topics.clear()
    for (const { topic, topicErrorCode, partitionMetadata, isInternal } of answer.topicMetadata) {
      const leaders: number[] = []
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
      // An empty list of a topic that has partitions is a broker that has not heard of it yet; what was known stays better than nothing.
      const known = this.#topics.get(topic)
      const isUnheard =
        topicErrorCode !== code.none && topicErrorCode !== code.unknownTopicOrPartition && known !== undefined
      this.#topics.set(topic, {
        errorCode: topicErrorCode,
        leaders: isUnheard && leaders.length === 0 ? known.leaders : leaders,
        replicationFactor: partitionMetadata[0]?.replicas.length ?? 0,
        isInternal,
      })
    }
  }

  /** The connection to one broker for one purpose; opened when there is none. @throws {ConnectError} */
  link(nodeId: number, purpose: Purpose): Promise<Link> {
    const address = this.#brokers.get(nodeId)
    if (address === undefined)
      return Promise.reject(new LinkError(`broker ${nodeId} is not known to the cluster`, { sent: false }))
    return this.#linkTo(address, purpose)
  }

  async #linkTo(address: BrokerAddress, purpose: Purpose): Promise<Link> {
    const key = `${address.host}:${address.port}/${purpose}`
    for (let known = this.#links.get(key); known !== undefined; known = this.#links.get(key)) {
      const link = await known
      if (link.isOpen) return link
      if (this.#links.get(key) === known) this.#links.delete(key)
    }
    if (this.#isClosed) throw new ClusterUnavailableError('the connections are closed')
    const opening = Link.open(address, this.#clientId, this.settings)
    this.#links.set(key, opening)
    try {
      const link = await opening
      if (this.#isClosed) link.close()
      return link
    } catch (error) {
      if (this.#links.get(key) === opening) this.#links.delete(key)
      throw this.#judged(error)
    }
  }

  /**
   * A connection to whichever broker answers. @throws {ConnectionConfigError | AuthorizationError} when the settings can never work,
   * {@link LinkError} when nobody can be reached at the moment.
   */
  async control(): Promise<Link> {
    const known = [...this.#brokers.values()]
    const isKnown = ({ host, port }: BrokerAddress): boolean =>
      known.some((each) => each.host === host && each.port === port)
    const candidates = [...known, ...this.settings.brokers.filter((address) => !isKnown(address))]
    let failure: unknown = new LinkError('no broker is known', { sent: false })
    for (let attempt = 0; attempt < candidates.length; attempt++) {
      const address = candidates[(this.#nextSeed + attempt) % candidates.length] as BrokerAddress
      try {
        const link = await this.#linkTo(address, 'control')
        this.#nextSeed = (this.#nextSeed + attempt) % candidates.length
        return link
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        failure = error
      }
    }
    throw failure
  }

  /** A connection to the controller, or to any broker where it is not known: brokers pass such requests on (KIP-590). */
  async controller(): Promise<Link> {
    if (this.#controllerId === -1) await this.refresh([])
    try {
      return await this.link(this.#controllerId, 'control')
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      return this.control()
    }
  }

  /** Node id of the broker that keeps the group. @throws {BrokerError | LinkError} while there is none. */
  async coordinator(group: string): Promise<number> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return known
    const link = await this.control()
    const answer = await this.#firstRequest(link, () =>
      link.call(findCoordinator, { groupId: group }, this.settings.requestTimeoutMs),
    )
    throwOnCode(answer.errorCode, `coordinator of group ${group}`)
    const { nodeId, host, port } = answer.coordinator
    this.#brokers.set(nodeId, { host, port })
    this.#coordinators.set(group, nodeId)
    return nodeId
  }

  /** The group has moved, or its broker does not answer: look for it again. */
  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group)
  }

  async coordinatorLink(group: string, purpose: Purpose): Promise<Link> {
    try {
      return await this.link(await this.coordinator(group), purpose)
    } catch (error) {
      if (error instanceof LinkError) this.forgetCoordinator(group)
      throw error
    }
  }

  /** At once; what is under way is rejected. */
  close(): void {
    this.#isClosed = true
    for (const opening of this.#links.values()) {
      opening.then(
        (link) => link.close(),
        () => {},
      )
    }
    this.#links.clear()
  }

  /** A listener that wants SASL answers the handshake and closes at the request after it: the first one tells. */
  async #firstRequest<Answer>(link: Link, call: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await call()
      this.#hasAnswered = true
      return answer
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      this.#nextSeed++ // it takes connections and does not answer: ask somebody else next
      throw this.#judged(new ConnectError('first-request', link.broker, error))
    }
  }

  /** The error itself, or the typed one where the settings are to blame. Once anything has worked, they are not. */
  #judged(error: unknown): unknown {
    if (this.#hasAnswered || !(error instanceof ConnectError)) return error
    this.#sameFailures = error.stage === this.#lastStage ? this.#sameFailures + 1 : 1
    if (this.#sameFailures === 1) this.#firstFailureAt = performance.now()
    this.#lastStage = error.stage
    const failure = {
      broker: error.broker,
      stage: error.stage,
      usesTls: this.settings.ssl !== null,
      usesSasl: this.settings.sasl !== null,
    }
    const isRepeated =
      this.#sameFailures >= ATTEMPTS_BEFORE_BLAME && performance.now() - this.#firstFailureAt >= BLAME_AFTER_MS
    return hopelessConnection(error.origin, failure, isRepeated) ?? error
  }
}
