import type { Subject } from '../protocol/api.ts'
import type { ErrorName } from '../protocol/error-codes.ts'

/** Before the request is applied, or after: applied, and the client learns nothing of it or something else. */
export type When = 'before' | 'after'

/** Which requests a fault is for; what is left out matches everything. */
export interface FaultFilter {
  readonly topic?: string
  readonly partition?: number
  readonly group?: string
  readonly transactionalId?: string
  readonly clientId?: string
  /** The node id of the broker that is asked. */
  readonly broker?: number
  /**
   * The first request that is hit, counted among those that match from now on, beginning with 1.
   * @defaultValue 1
   */
  readonly nth?: number
  /**
   * How many requests in a row are hit; `Infinity` until removed.
   * @defaultValue 1
   */
  readonly times?: number
}

/** Which writes to the disk a full one is for; what is left out matches everything. */
export type DiskFilter = Pick<FaultFilter, 'topic' | 'partition' | 'nth' | 'times'>

export type Effect =
  | { readonly kind: 'full disk'; readonly afterBytes: number; readonly when: When }
  | { readonly kind: 'fail'; readonly error: ErrorName; readonly when: When }
  | { readonly kind: 'drop'; readonly when: When }
  | { readonly kind: 'wait'; readonly until: () => Promise<void>; readonly when: When }
  | {
      readonly kind: 'run'
      readonly action: (request: InterceptedRequest) => void | Promise<void>
      readonly when: When
    }

export interface InterceptedRequest {
  readonly api: string
  /** The node id of the broker that was asked. */
  readonly broker: number
  readonly clientId: string
  /** The topics, partitions, groups or transactional ids that it is about. */
  subjects(): readonly Subject[]
}

/** A staged fault, as the test holds it. */
export class Fault {
  readonly #api: string
  readonly #filter: FaultFilter
  readonly #effect: Effect
  readonly #forget: () => void
  readonly #released: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #waiting: { count: number; resolve: () => void }[] = []
  #matched = 0
  #happened = 0

  constructor(api: string, filter: FaultFilter, effect: Effect, forget: () => void) {
    this.#api = api
    this.#filter = filter
    this.#effect = effect
    this.#forget = forget
  }

  /** How many requests it has hit so far. */
  get count(): number {
    return this.#happened
  }

  /** Resolves when it has hit that many requests; at once if it has already. */
  happened(count = 1): Promise<void> {
    if (this.#happened >= count) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ count, resolve }))
  }

  /** Lets requests go on that a `hold` keeps waiting, now and in future. */
  release(): void {
    this.#released.resolve()
  }

  /** No further request is hit. Requests that are kept waiting go on. */
  remove(): void {
    this.release()
    this.#forget()
  }

  [Symbol.dispose](): void {
    this.remove()
  }

  /** @internal */
  get effect(): Effect {
    return this.#effect
  }

  /** @internal */
  get released(): Promise<void> {
    return this.#released.promise
  }

  /** Counts a request; true when it is one of those to be hit. @internal */
  strikes(request: InterceptedRequest): boolean {
    if (!this.#matches(request)) return false
    this.#matched += 1
    const first = this.#filter.nth ?? 1
    const last = first + (this.#filter.times ?? 1) - 1
    if (this.#matched >= last) this.#forget()
    return this.#matched >= first && this.#matched <= last
  }

  /** Whether this topic or partition of a hit request is meant. @internal */
  covers(topic: string, partition: number | undefined): boolean {
    return (
      (this.#filter.topic ?? topic) === topic &&
      (this.#filter.partition === undefined || this.#filter.partition === partition)
    )
  }

  /** @internal */
  struck(): void {
    this.#happened += 1
    for (const waiter of this.#waiting) if (this.#happened >= waiter.count) waiter.resolve()
    this.#waiting = this.#waiting.filter((waiter) => this.#happened < waiter.count)
  }

  #matches(request: InterceptedRequest): boolean {
    const { broker, clientId, topic, partition, group, transactionalId } = this.#filter
    if (this.#api !== request.api) return false
    if (broker !== undefined && broker !== request.broker) return false
    if (clientId !== undefined && clientId !== request.clientId) return false
    if (topic === undefined && partition === undefined && group === undefined && transactionalId === undefined)
      return true
    return request
      .subjects()
      .some(
        (subject) =>
          (topic === undefined || topic === subject.topic) &&
          (partition === undefined || partition === subject.partition) &&
          (group === undefined || group === subject.group) &&
          (transactionalId === undefined || transactionalId === subject.transactionalId),
      )
  }
}
