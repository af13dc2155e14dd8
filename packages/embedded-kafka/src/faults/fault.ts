/** One staged fault, as the test holds it: it counts what matches, and tells of what it hit. */
import { inspect } from 'node:util'
import type { ApiName } from '../api/catalogue.ts'
import type { Subject } from '../protocol/api.ts'
import type { Effect } from './effect.ts'
import { EmbeddedKafkaFaultError } from './fault-error.ts'
import { type Filter, timesOf, turnOf } from './fault-filter.ts'

/** What a fault is matched with: a request, or a write to the disk. */
export interface Candidate {
  readonly api: ApiName | typeof diskWrite
  readonly broker: number | undefined
  readonly clientId: string
  subjects(): readonly Subject[]
}

/** In place of an API's name, for a fault of the disk. */
export const diskWrite = 'disk write'
/** In place of an API's name, for a fault of any request. */
export const anyRequest = 'any request'

export interface FaultPlan {
  readonly api: Candidate['api'] | typeof anyRequest
  readonly filter: Filter
  readonly effect: Effect
  /** The call that staged it, for a reader of an error. */
  readonly text: string
}

/** Where a fault is staged. */
export interface Stage {
  /** It will hit nothing any more, because it has hit what it was for. */
  exhausted(fault: Fault): void
  /** The test does not want it any more. */
  removed(fault: Fault): void
}

interface Waiting {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A staged fault, as the test holds it. `using` removes it at the end of a block. */
export class Fault {
  /** @internal */
  readonly effect: Effect
  readonly #plan: FaultPlan
  readonly #stage: Stage
  readonly #released: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #waiting: Waiting[] = []
  #matched = 0
  #happened = 0
  #failure: EmbeddedKafkaFaultError | undefined

  /** Made by {@link Faults}. @internal */
  constructor(plan: FaultPlan, stage: Stage) {
    this.#plan = plan
    this.effect = plan.effect
    this.#stage = stage
  }

  /** How many requests it has hit so far. */
  get count(): number {
    return this.#happened
  }

  /** How many requests it was found to be for, whether it hit them or not, up to the last that it hits. */
  get matched(): number {
    return this.#matched
  }

  /** Whether it has hit as many requests as it was staged for; one is enough where `times` is `Infinity`. */
  get isFulfilled(): boolean {
    const times = timesOf(this.#plan.filter)
    return this.#happened >= (times === Number.POSITIVE_INFINITY ? 1 : times)
  }

  /**
   * Resolves when it has hit that many requests; at once if it has already.
   *
   * @throws {EmbeddedKafkaFaultError} when it never will: it is for fewer requests, or was removed (also by the end of the
   * cluster) before it hit so many, or the action of a `run` failed.
   */
  happened(count = 1): Promise<void> {
    const times = timesOf(this.#plan.filter)
    if (count > times)
      return Promise.reject(new EmbeddedKafkaFaultError(`${this} can happen ${times} times, not ${count}`))
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#happened >= count) return Promise.resolve()
    const happened = new Promise<void>((resolve, reject) => this.#waiting.push({ count, resolve, reject }))
    // Who does not await it, or not any more, is not to be ended by it.
    happened.catch(() => {})
    return happened
  }

  /** Lets requests go on that a `hold` or `delay` keeps waiting, now and in future. */
  release(): void {
    this.#released.resolve()
  }

  /** No further request is hit. Requests that a `hold` or `delay` keeps waiting go on. Idempotent. */
  remove(): void {
    this.release()
    this.#stage.removed(this)
    for (const { count, reject } of this.#waiting)
      reject(new EmbeddedKafkaFaultError(`${this} was removed while ${count} were awaited: ${this.history()}`))
    this.#waiting = []
  }

  [Symbol.dispose](): void {
    this.remove()
  }

  /** The call that staged it. */
  toString(): string {
    return this.#plan.text
  }

  /** What became of it so far, in words. @internal */
  history(): string {
    const times = timesOf(this.#plan.filter)
    const wanted = times === Number.POSITIVE_INFINITY ? '' : ` of ${times}`
    return `${this.#matched} matched, and it hit ${this.#happened}${wanted}`
  }

  /** Whether it is for a topic, or one partition, and not for whole requests. @internal */
  get namesTopic(): boolean {
    return this.#plan.filter.topic !== undefined
  }

  /** @internal */
  get released(): Promise<void> {
    return this.#released.promise
  }

  /** The action of a `run` failed. @internal */
  get failure(): EmbeddedKafkaFaultError | undefined {
    return this.#failure
  }

  /** Counts a request; true when it is one of those to be hit. @internal */
  strikes(candidate: Candidate): boolean {
    if (!this.#matches(candidate)) return false
    this.#matched += 1
    const { isHit, isLast } = turnOf(this.#plan.filter, this.#matched)
    if (isLast) this.#stage.exhausted(this)
    return isHit
  }

  /** Whether this topic or partition of a hit request is meant. @internal */
  covers(topic: string, partition: number | undefined): boolean {
    const { filter } = this.#plan
    return (filter.topic ?? topic) === topic && (filter.partition === undefined || filter.partition === partition)
  }

  /** @internal */
  struck(): void {
    this.#happened += 1
    for (const waiter of this.#waiting) if (this.#happened >= waiter.count) waiter.resolve()
    this.#waiting = this.#waiting.filter((waiter) => this.#happened < waiter.count)
  }

  /** The action of a `run` failed: who awaits the fault is told. @internal */
  fail(cause: unknown): void {
    this.#failure ??= new EmbeddedKafkaFaultError(`${this} failed: ${inspect(cause)}`, { cause })
    for (const { reject } of this.#waiting) reject(this.#failure)
    this.#waiting = []
  }

  #matches(candidate: Candidate): boolean {
    const { api, filter } = this.#plan
    const { broker, clientId, topic, partition, group, transactionalId } = filter
    if (api !== candidate.api && !(api === anyRequest && candidate.api !== diskWrite)) return false
    if (broker !== undefined && broker !== candidate.broker) return false
    if (clientId !== undefined && clientId !== candidate.clientId) return false
    if (topic === undefined && group === undefined && transactionalId === undefined) return true
    return candidate
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
