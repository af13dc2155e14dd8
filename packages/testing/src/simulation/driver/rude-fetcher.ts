import type { Chunk, Timer, TopicPartition } from '@tributary/event-bus'
import { type DriverHost, place } from './host.ts'

export interface FetcherOptions {
  readonly host: DriverHost
  readonly partition: TopicPartition
  readonly epoch: number
  readonly position: bigint
  readonly maxBytes: number
  readonly deliver: (chunk: Chunk) => void
  /** The chunk is to be seen once more in a later assignment. */
  readonly keep: (chunk: Chunk) => void
}

/** How much later a repetition comes than the chunk, in milliseconds at most. */
const REPETITION_MS = 200

/** Fetches one partition during one assignment, one request at a time, and brings the answers late, twice, torn or not at all. */
export class RudeFetcher {
  readonly #options: FetcherOptions
  readonly #unwatch: () => void
  #position: bigint
  #request: Timer | null = null
  #isPaused = false
  #isStopped = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#position = options.position
    this.#unwatch = options.host.cluster.topics.watch({
      onAppended: (appended) => place(appended) === place(options.partition) && this.#wake(),
      onTopicsChanged: () => {},
      onTopicDeleted: () => {},
    })
    this.#wake()
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  seek(position: bigint): void {
    this.#position = position
    this.#wake()
  }

  /** Asks for nothing more. What was asked for is dropped. */
  stop(): void {
    this.#isStopped = true
    this.#request?.cancel()
    this.#unwatch()
  }

  #wake(): void {
    const { host, partition } = this.#options
    const log = host.cluster.topics.findLog(partition)
    if (this.#request || this.#isStopped || this.#isPaused || !log || this.#position >= log.endOffset) return
    const from = this.#position
    const slow = host.faults.strike('fetch', ({ kind }) => kind === 'slow')
    const delayMs = 1 + host.random.between(0, host.pace.fetchMs) + (slow?.amount ?? 0)
    this.#request = host.cluster.clock.setTimer(() => {
      this.#request = null
      if (!host.isAlive || this.#isStopped) return
      this.#answer(from)
      this.#wake()
    }, delayMs)
  }

  #answer(from: bigint): void {
    const { host, partition, epoch, maxBytes } = this.#options
    const log = host.cluster.topics.findLog(partition)
    if (!log || (this.#isPaused && !host.pace.hearsAfterPause)) return
    const slice = log.read(from, host.random.between(1, maxBytes))
    const { nextPosition } = slice
    const chunk: Chunk = { ...partition, epoch, fetchedFrom: from, highWatermark: log.endOffset, ...slice }
    // A seek has come while this was on its way.
    const isOvertaken = this.#position !== from
    if (!isOvertaken) this.#position = nextPosition
    this.#options.deliver(chunk)
    if (!isOvertaken && this.#position === nextPosition) this.#spoil(chunk)
  }

  #spoil(chunk: Chunk): void {
    const { host, partition, keep, deliver } = this.#options
    const log = host.cluster.topics.log(partition)
    // A hole at the end of the log would be seen by nobody, because no chunk follows it.
    const fault = host.faults.strike(
      'fetch',
      ({ kind, amount }) => kind !== 'slow' && (kind !== 'hole' || chunk.nextPosition + BigInt(amount) < log.endOffset),
    )
    if (fault === null) return
    host.trace.note(() => `driver of ${host.name}: a ${fault.kind} chunk of ${place(partition)} is to come`)
    switch (fault.kind) {
      case 'repeated':
        host.cluster.clock.setTimer(
          () => {
            if (host.isAlive && !this.#isStopped) deliver(chunk)
          },
          host.random.between(0, REPETITION_MS),
        )
        return
      case 'overlapping': {
        const before = chunk.nextPosition - BigInt(fault.amount)
        this.#position = before > log.startOffset ? before : log.startOffset
        return
      }
      case 'hole':
        this.#position = chunk.nextPosition + BigInt(fault.amount)
        return
      case 'stale':
        keep(chunk)
    }
  }
}
