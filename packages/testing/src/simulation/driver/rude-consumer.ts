import type {
  AssignedPartition,
  Chunk,
  CommitRequest,
  CommitResult,
  ConsumerStatus,
  Driver,
  DriverConsumer,
  GroupListener,
  GroupOptions,
  StartPosition,
  TopicPartition,
} from '@tributary/event-bus'
import { type DriverHost, place } from './host.ts'
import { RudeFetcher } from './rude-fetcher.ts'
import { rudeRange } from './rude-range.ts'

/** Commits answer within this time whatever happens, as the port promises, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000

/** One assignment of one partition, as far as the engine has heard of it. */
interface Holding {
  readonly assigned: AssignedPartition
  state: 'announcing' | 'held' | 'leaving' | 'lost'
  fetcher: RudeFetcher | null
}

/**
 * A membership that keeps the port's promises and not one more. The membership itself, its assignments and the fence of commits are those of the in-memory
 * driver; what is fetched, and when and how calls are answered, is decided here.
 */
export class RudeConsumer implements DriverConsumer {
  readonly joined: Promise<void>
  readonly #inner: DriverConsumer
  readonly #host: DriverHost
  readonly #options: GroupOptions & { readonly clientId: string }
  readonly #listener: GroupListener
  readonly #holdings = new Map<string, Holding>()
  readonly #stale: Chunk[] = []
  readonly #revocations = new Set<AbortController>()
  /** Epochs of the port need not be consecutive. */
  readonly #epochStep: number
  #announcing: Promise<unknown> = Promise.resolve()

  constructor(
    options: GroupOptions & { readonly clientId: string },
    listener: GroupListener,
    host: DriverHost,
    base: Driver,
  ) {
    this.#options = options
    this.#listener = listener
    this.#host = host
    this.#epochStep = host.random.between(1, 5)
    this.#inner = base.joinGroup(options, {
      onAssigned: (partitions) => this.#onAssigned(partitions),
      onRevoking: (partitions, signal) => this.#onRevoking(partitions, signal),
      onLost: (partitions) => this.#onLost(partitions),
      onChunk: () => {},
      onFailed: (error) => host.isAlive && listener.onFailed(error),
    })
    this.joined = this.#inner.joined
  }

  get memberId(): string {
    return this.#inner.status().memberId
  }

  /** The process is gone, and the group notices when the session has ended. */
  crash(): void {
    for (const { fetcher } of this.#holdings.values()) fetcher?.stop()
    this.#host.cluster.clock.setTimer(() => void this.#inner.close(), this.#options.sessionTimeoutMs)
  }

  async commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const host = this.#host
    host.witness.commitRequested(requests)
    await host.transit(1 + host.random.between(0, host.pace.commitMs))
    const faults = requests.map(({ metadata }) =>
      host.faults.strike('commit', ({ outcome }) => outcome !== 'metadata-refused' || metadata !== ''),
    )
    const arriving = requests.filter((_, index) => faults[index]?.isApplied ?? true)
    const stored = this.#inner.commit(
      arriving.map((request) => ({ ...request, epoch: request.epoch / this.#epochStep })),
    )
    for (const request of arriving) host.witness.commitApplied(request)
    const outcomes = new Map((await stored).map((result) => [place(result), result]))
    const results = requests.map((request, index): CommitResult => {
      const { topic, partition } = request
      const outcome = outcomes.get(place(request))?.outcome ?? 'failed'
      // Who is fenced learns that, whatever else goes wrong.
      return { topic, partition, outcome: outcome === 'fenced' ? outcome : (faults[index]?.outcome ?? outcome) }
    })
    const delayMs = Math.max(0, ...faults.map((fault) => fault?.delayMs ?? 0))
    await host.arrival(Math.min(delayMs + host.random.between(0, host.pace.commitMs), REQUEST_TIMEOUT_MS))
    const isLate = delayMs >= REQUEST_TIMEOUT_MS
    const answers = isLate ? results.map((result): CommitResult => ({ ...result, outcome: 'failed' })) : results
    this.#tell(requests, answers)
    if (answers.some(({ outcome }) => outcome === 'fenced')) this.#expireSoon()
    return answers
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#holdings.get(place(partition))?.fetcher?.pause()
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#holdings.get(place(partition))?.fetcher?.resume()
  }

  seek(partition: TopicPartition, epoch: number, position: bigint): void {
    const holding = this.#holdings.get(place(partition))
    if (holding?.assigned.epoch === epoch) holding.fetcher?.seek(position)
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const epoch = this.#holdings.get(place(partition))?.assigned.epoch ?? 0
    return rudeRange(this.#host, partition, { from, to, epoch }, signal)
  }

  alsoRead(topics: readonly string[]): void {
    this.#inner.alsoRead(topics)
  }

  status(): ConsumerStatus {
    return this.#inner.status()
  }

  async close(): Promise<void> {
    await this.#host.arrival(1)
    for (const { fetcher } of this.#holdings.values()) fetcher?.stop()
    this.#host.witness.gone([...this.#holdings.values()].map(({ assigned }) => assigned))
    this.#holdings.clear()
    await this.#inner.close()
    for (const timeUp of this.#revocations) timeUp.abort()
  }

  // Calls to the engine: one at a time for each partition, as the port promises.

  #onAssigned(partitions: readonly AssignedPartition[]): Promise<readonly StartPosition[]> {
    const holdings = partitions.map((partition): Holding => {
      const assigned = { ...partition, epoch: partition.epoch * this.#epochStep }
      return { assigned, state: 'announcing', fetcher: null }
    })
    // Nothing is read by the in-memory consumer itself.
    this.#inner.pause(partitions)
    const announced = this.#announcing.then(() => this.#announce(holdings))
    this.#announcing = announced
    for (const holding of holdings) this.#holdings.set(place(holding.assigned), holding)
    return announced
  }

  async #announce(holdings: readonly Holding[]): Promise<readonly StartPosition[]> {
    const host = this.#host
    await host.arrival(host.random.between(0, host.pace.assignMs))
    const current = holdings.filter(({ state }) => state !== 'lost').map(({ assigned }) => assigned)
    host.witness.assigned(current)
    const positions = current.length === 0 ? [] : await this.#listener.onAssigned(current)
    if (!host.isAlive) return new Promise(() => {})
    const startOf = new Map(positions.map((start) => [place(start), start.position]))
    const lostMeanwhile = holdings.filter(({ state, assigned }) => state === 'lost' && current.includes(assigned))
    if (lostMeanwhile.length > 0) this.#tellLost(lostMeanwhile.map(({ assigned }) => assigned))
    for (const holding of holdings) {
      const position = startOf.get(place(holding.assigned))
      if (holding.state === 'announcing' && position !== undefined) this.#begin(holding, position)
    }
    return holdings.map(({ assigned: { topic, partition } }) => ({ topic, partition, position: 0n }))
  }

  #begin(holding: Holding, position: bigint): void {
    const { topic, partition, epoch } = holding.assigned
    holding.state = 'held'
    this.#host.trace.note(
      () => `${this.#host.name} is assigned ${topic}/${partition} in epoch ${epoch} and starts at ${position}`,
    )
    const stale = this.#stale.filter((chunk) => place(chunk) === place(holding.assigned))
    for (const chunk of stale) {
      this.#stale.splice(this.#stale.indexOf(chunk), 1)
      this.#deliver(chunk)
    }
    holding.fetcher = new RudeFetcher({
      host: this.#host,
      partition: { topic, partition },
      epoch,
      position,
      maxBytes: this.#options.maxBytesPerPartition,
      deliver: (chunk) => this.#deliver(chunk),
      keep: (chunk) => this.#stale.push(chunk),
    })
  }

  async #onRevoking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const host = this.#host
    // A dead member gives nothing up; its session ends some time.
    if (!host.isAlive) return new Promise(() => {})
    const leaving = partitions.flatMap((partition) => this.#holdings.get(place(partition)) ?? [])
    const places = leaving.map(({ assigned }) => assigned)
    for (const holding of leaving) {
      holding.state = 'leaving'
      holding.fetcher?.stop()
    }
    host.trace.note(() => `${host.name} must give up ${partitions.map(place).join(', ')}`)
    host.witness.revoking(places)
    // Its own signal, because nothing reaches a process that has been killed meanwhile.
    const timeUp = new AbortController()
    const released = this.#listener.onRevoking(partitions, timeUp.signal)
    const onAbort = (): void => {
      if (!host.isAlive) return
      timeUp.abort()
      this.#expectRelease(released, partitions)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#revocations.add(timeUp)
    await released
    this.#revocations.delete(timeUp)
    if (!host.isAlive) return new Promise(() => {})
    const given = leaving.filter(({ state }) => state === 'leaving').map(({ assigned }) => assigned)
    host.trace.note(() => `${host.name} has given up ${given.map(place).join(', ')}`)
    host.witness.gone(given)
    this.#forget(leaving)
  }

  /** "The promise should resolve at once" when the time is over. */
  #expectRelease(released: Promise<void>, partitions: readonly TopicPartition[]): void {
    let isReleased = false
    void released.then(() => {
      isReleased = true
    })
    this.#host.cluster.clock.setTimer(() => {
      if (isReleased || !this.#host.isAlive) return
      this.#host.witness.portBroken(`onRevoking of ${partitions.map(place).join(', ')} goes on after its signal`)
    }, 1)
  }

  #onLost(partitions: readonly TopicPartition[]): void {
    if (!this.#host.isAlive) return
    const lost = partitions.flatMap((partition) => this.#holdings.get(place(partition)) ?? [])
    const known = lost.filter(({ state }) => state === 'held' || state === 'leaving').map(({ assigned }) => assigned)
    for (const holding of lost) {
      holding.state = 'lost'
      holding.fetcher?.stop()
    }
    this.#forget(lost)
    if (known.length > 0) this.#tellLost(known)
  }

  #tellLost(partitions: readonly AssignedPartition[]): void {
    this.#host.trace.note(() => `${this.#host.name} has lost ${partitions.map(place).join(', ')}`)
    this.#host.witness.gone(partitions)
    this.#listener.onLost(partitions.map(({ topic, partition }) => ({ topic, partition })))
  }

  #forget(holdings: readonly Holding[]): void {
    for (const holding of holdings) {
      const id = place(holding.assigned)
      if (this.#holdings.get(id) === holding) this.#holdings.delete(id)
    }
  }

  #deliver(chunk: Chunk): void {
    const host = this.#host
    host.trace.note(
      () =>
        `${host.name} receives ${place(chunk)} from ${chunk.fetchedFrom} to before ${chunk.nextPosition} (epoch ${chunk.epoch}, ${chunk.records.length} records)`,
    )
    try {
      this.#listener.onChunk(chunk)
    } catch (thrown) {
      host.witness.portBroken(`onChunk has thrown ${String(thrown)}`)
    }
    host.witness.chunkOffered(chunk, this.#holdings.get(place(chunk))?.fetcher?.isPaused ?? true)
  }

  #tell(requests: readonly CommitRequest[], results: readonly CommitResult[]): void {
    for (const [index, request] of requests.entries()) {
      const { name, trace } = this.#host
      trace.note(() => `${name}: commit of ${place(request)} at ${request.nextOffset}: ${results[index]?.outcome}`)
    }
  }

  #expireSoon(): void {
    const { cluster } = this.#host
    if (cluster.members(this.#options.group).includes(this.memberId)) {
      cluster.expireMember(this.#options.group, this.memberId, 0)
    }
  }
}
