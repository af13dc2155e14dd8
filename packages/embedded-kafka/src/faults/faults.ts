/** Staging of faults: which answers go wrong, how, and how often. Deterministic: requests are counted, nothing is random. */
import { inspect } from 'node:util'
import type { ApiName } from '../api/catalogue.ts'
import type { Clock } from '../cluster/clock.ts'
import type { DiskRoom } from '../storage/storage.ts'
import { anyRequest, type Candidate, diskWrite, Fault, type FaultPlan, type Stage } from './fault.ts'
import { type FaultChoice, faultChoice } from './fault-choice.ts'
import { EmbeddedKafkaFaultError } from './fault-error.ts'
import {
  type AnyRequestFilter,
  type DiskFilter,
  type FaultFilter,
  type Filter,
  filterMistakes,
} from './fault-filter.ts'
import type { InterceptedRequest } from './intercepted-request.ts'
import { Interception } from './interception.ts'
import { answersInParts, selectors } from './selectors.ts'

/** What faults have to know of the cluster. */
export interface FaultyCluster {
  readonly brokerCount: number
  readonly clock: Clock
  /** The node id of the broker on whose disk a partition lies. */
  leaderOf(topic: string, partition: number): number | undefined
}

/** The faults of one cluster. */
export class Faults {
  readonly #cluster: FaultyCluster
  readonly #stage: Stage
  /** Those that may still hit something. */
  #staged: readonly Fault[] = []
  /** Those of which it is not yet sure that they happened as they should. */
  #open: readonly Fault[] = []

  /** Made by `startEmbeddedKafka`. @internal */
  constructor(cluster: FaultyCluster) {
    this.#cluster = cluster
    this.#stage = {
      exhausted: (fault) => {
        this.#staged = this.#staged.filter((each) => each !== fault)
      },
      removed: (fault) => {
        this.#stage.exhausted(fault)
        this.#open = this.#open.filter((each) => each !== fault)
      },
    }
  }

  /**
   * Chooses requests of one API. Nothing is staged until the choice is completed, for example with `failWith`.
   *
   * @throws {EmbeddedKafkaFaultError} when the filter cannot be meant, such as a partition without its topic.
   */
  on<Api extends ApiName>(api: Api, filter?: FaultFilter<Api>): FaultChoice<Api> {
    const text = `faults.on(${inspect(api)}${argument(filter)})`
    const selectable = Object.hasOwn(selectors, api) ? selectors[api] : undefined
    if (!selectable) throw new EmbeddedKafkaFaultError(`${text}: there is no such API`)
    // An API without parts gets a method that its type forbids: it says why to those who have no types.
    return this.#choose(api, filter, selectable, text, answersInParts(api)) as FaultChoice<Api>
  }

  /**
   * Chooses requests of any API, for example all of one client.
   *
   * @throws {EmbeddedKafkaFaultError} when the filter cannot be meant.
   */
  onAny(filter?: AnyRequestFilter): FaultChoice<never> {
    const given = filter === undefined ? '' : inspectedFilter(filter)
    return this.#choose(anyRequest, filter, undefined, `faults.onAny(${given})`, false) as FaultChoice<never>
  }

  /**
   * The disk is full for the chosen writes: batches, and without `topic` and `broker` what is noted of topics and commits too.
   * A produce is refused with KAFKA_STORAGE_ERROR, and nothing of it can be read. Works in memory as well.
   *
   * @param afterBytes - that many bytes of each are still written before the disk is full. Default 0.
   * @throws {EmbeddedKafkaFaultError} when the filter cannot be meant.
   */
  diskFull(filter: DiskFilter = {}, afterBytes = 0): Fault {
    const text = `faults.diskFull(${inspectedFilter(filter)}${argument(afterBytes || undefined)})`
    this.#check(filter, ['topic', 'partition'], text)
    if (!(afterBytes >= 0)) throw new EmbeddedKafkaFaultError(`${text}: afterBytes is ${afterBytes}`)
    return this.#add({ api: diskWrite, filter, effect: { kind: 'full disk', afterBytes }, text })
  }

  /** Removes everything that is still staged. Requests that are kept waiting go on. */
  clear(): void {
    for (const fault of new Set([...this.#staged, ...this.#open])) fault.remove()
  }

  /**
   * For the end of a test: everything that was staged, and not removed, has happened as often as it was to happen, or at
   * least once where that is `Infinity`.
   *
   * @throws {EmbeddedKafkaFaultError} naming each fault that has not, with the number of requests that came its way.
   */
  assertAllHappened(): void {
    const failure = this.#open.find((fault) => fault.failure)?.failure
    if (failure) throw failure
    const missing = this.#open.filter((fault) => !fault.isFulfilled)
    if (missing.length === 0) return
    const lines = missing.map((fault) => `  ${fault}: ${fault.history()}`)
    throw new EmbeddedKafkaFaultError(`${missing.length} staged faults have not happened:\n${lines.join('\n')}`)
  }

  /** How many of the bytes the disk still takes. @internal */
  readonly diskRoom: DiskRoom = (bytes, subject) => {
    if (this.#staged.length === 0) return bytes
    const { topic, partition } = subject
    const broker = topic === undefined || partition === undefined ? undefined : this.#cluster.leaderOf(topic, partition)
    let room = bytes
    for (const fault of this.#striking({ api: diskWrite, broker, clientId: '', subjects: () => [subject] })) {
      fault.struck()
      if (fault.effect.kind === 'full disk') room = Math.min(room, fault.effect.afterBytes)
    }
    return room
  }

  /** @internal */
  intercept(request: InterceptedRequest): Interception | undefined {
    if (this.#staged.length === 0) return undefined
    const striking = this.#striking(request)
    return striking.length === 0 ? undefined : new Interception(striking, request)
  }

  #striking(candidate: Candidate): Fault[] {
    return this.#staged.filter((fault) => fault.strikes(candidate))
  }

  #choose(
    api: FaultPlan['api'],
    filter: Filter = {},
    selectable: readonly string[] | undefined,
    text: string,
    isInParts: boolean,
  ): FaultChoice {
    this.#check(filter, selectable, text)
    const add = (effect: FaultPlan['effect'], call: string): Fault => this.#add({ api, filter, effect, text: call })
    return faultChoice(text, add, this.#cluster.clock, isInParts)
  }

  #check(filter: Filter, selectable: readonly string[] | undefined, text: string): void {
    const mistakes = filterMistakes(filter, selectable, this.#cluster.brokerCount)
    if (mistakes.length > 0) throw new EmbeddedKafkaFaultError(`${text}: ${mistakes.join('; ')}`)
  }

  #add(plan: FaultPlan): Fault {
    const fault = new Fault(plan, this.#stage)
    this.#staged = [...this.#staged, fault]
    this.#open = [...this.#open.filter(({ isFulfilled, failure }) => !isFulfilled || failure), fault]
    return fault
  }
}

function argument(value: unknown): string {
  if (value === undefined) return ''
  return `, ${typeof value === 'object' ? inspectedFilter(value as Filter) : inspect(value)}`
}

function inspectedFilter(filter: Filter): string {
  return inspect(filter, { breakLength: Number.POSITIVE_INFINITY })
}
