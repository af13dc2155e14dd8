import { initProducerId } from '../wire/apis.ts'
import { Backoff, pause } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { BrokerError, isRetriable, LinkError } from '../wire/failures.ts'
import type { Link } from '../wire/link.ts'
import type { Lane, ProducerIdentity } from './lane.ts'

/** How often the leaders are asked for while a partition has none, in milliseconds. */
const LEADER_ELECTION_POLL_MS = 100

export interface GroundworkHost {
  /** Lanes with something to send. */
  waiting(): Iterable<Lane>
  /** Something has been laid, or has failed and may be tried again. */
  onProgress(): void
  /** For the message of batches whose time runs out meanwhile. */
  onSetback(lanes: Iterable<Lane>, error: Error): void
  /** Nothing will ever go with these settings. */
  onHopeless(error: Error): void
}

/** What is known of one broker: its connection, and how many requests are in flight there. */
export interface Channel {
  link: Link | null
  isOpening: boolean
  requestsInFlight: number
}

/** What must be there before a batch can go: a producer id, the leaders, connections. Each is asked for once, however many batches wait for it. */
export class Groundwork {
  readonly #cluster: Cluster
  readonly #host: GroundworkHost
  readonly #channels = new Map<number, Channel>()
  readonly #backoff = new Backoff()
  readonly #closing = new AbortController()
  #identity: ProducerIdentity | null = null
  #isAskingIdentity = false
  #isRefreshing = false

  constructor(cluster: Cluster, host: GroundworkHost) {
    this.#cluster = cluster
    this.#host = host
  }

  close(): void {
    this.#closing.abort()
  }

  /** The newest producer id; null while it is being asked for. */
  identity(): ProducerIdentity | null {
    if (this.#identity === null && !this.#isAskingIdentity) {
      this.#isAskingIdentity = true
      void this.#attempt(() => this.#askIdentity()).then(() => {
        this.#isAskingIdentity = false
        this.#host.onProgress()
      })
    }
    return this.#identity
  }

  /** Nobody takes this one up any more; who has it already may keep it. */
  abandon(identity: ProducerIdentity | null): void {
    if (this.#identity === identity) this.#identity = null
  }

  channel(leader: number): Channel {
    const known = this.#channels.get(leader)
    if (known !== undefined) return known
    const channel = { link: null, isOpening: false, requestsInFlight: 0 }
    this.#channels.set(leader, channel)
    return channel
  }

  open(leader: number, channel: Channel, lanes: readonly Lane[]): void {
    if (channel.isOpening) return
    channel.isOpening = true
    const topics = new Set(lanes.map((lane) => lane.topic))
    const opening = this.#attempt(async () => {
      try {
        channel.link = await this.#cluster.link(leader, 'produce')
      } catch (error) {
        // The partitions may have another leader by now; where they have not, the pause of the attempt comes before the next one.
        if (error instanceof LinkError) await this.#cluster.refresh(topics)
        throw error
      }
    })
    void opening.then(() => {
      channel.isOpening = false
      this.#host.onProgress()
    })
  }

  refreshLeaders(topics: Iterable<string>): void {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    const names = new Set(topics)
    for (const lane of this.#host.waiting()) names.add(lane.topic)
    void this.#attempt(() => this.#refresh(names)).then(() => {
      this.#isRefreshing = false
      this.#host.onProgress()
    })
  }

  async #refresh(topics: ReadonlySet<string>): Promise<void> {
    await this.#cluster.refresh(topics)
    let isLeaderless = false
    for (const lane of this.#host.waiting()) {
      const errorCode = this.#cluster.topic(lane.topic)?.errorCode ?? 0
      if (errorCode !== 0) this.#host.onSetback([lane], new BrokerError(errorCode, `topic ${lane.topic}`))
      isLeaderless ||= this.#cluster.leader(lane.topic, lane.partition) === -1
    }
    if (isLeaderless) await pause(LEADER_ELECTION_POLL_MS, this.#closing.signal)
  }

  async #askIdentity(): Promise<void> {
    const link = await this.#cluster.control()
    const { requestTimeoutMs } = this.#cluster.settings
    const args = { transactionalId: null, transactionTimeout: requestTimeoutMs }
    const answer = await link.call(initProducerId, args, requestTimeoutMs)
    if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, 'producer id')
    this.#identity = { producerId: BigInt(answer.producerId), producerEpoch: answer.producerEpoch }
  }

  /** Never rejects: what may heal is waited for, what cannot is told to everybody. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#backoff.reset()
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      this.#host.onSetback(this.#host.waiting(), failure)
      if (isRetriable(failure)) await pause(this.#backoff.next(), this.#closing.signal)
      else this.#host.onHopeless(failure)
    }
  }
}
