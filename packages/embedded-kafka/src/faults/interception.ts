import { CloseConnection } from '../protocol/close-connection.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { When } from './effect.ts'
import type { Fault } from './fault.ts'
import type { InterceptedRequest } from './intercepted-request.ts'
import { answersInParts } from './selectors.ts'

/** How much of an answer its client gets, frame length included, and whether the connection ends there or falls silent. */
export interface ShortenedAnswer {
  readonly bytes: number
  readonly closes: boolean
}

/** The faults that hit one request, in the order in which they were staged. */
export class Interception {
  /** Parts of the answer that its client does not get. */
  readonly leftOut: Set<unknown> = new Set()
  readonly #faults: readonly Fault[]
  readonly #request: InterceptedRequest
  #endsConnection = false

  constructor(faults: readonly Fault[], request: InterceptedRequest) {
    this.#faults = faults
    this.#request = request
  }

  /** Whether the connection ends here; the answer, if there was one, is lost. */
  get endsConnection(): boolean {
    return this.#endsConnection
  }

  /** Where the answer breaks off, if it does. */
  get shortened(): ShortenedAnswer | undefined {
    for (const { effect } of this.#faults) if (effect.kind === 'shorten') return effect
    return undefined
  }

  before(): Promise<void> {
    return this.#apply('before')
  }

  after(): Promise<void> {
    return this.#apply('after')
  }

  /** The error that the whole request is answered with, for APIs that have one; where a part is meant, the part has it. */
  refusal(when: When): ErrorName | undefined {
    const isInParts = answersInParts(this.#request.api)
    for (const { effect, namesTopic } of this.#faults)
      if (effect.kind === 'fail' && effect.when === when && !(isInParts && namesTopic)) return effect.error
    return undefined
  }

  /** The error that one topic or partition is answered with. */
  partitionFault(topic: string, partition: number | undefined): { error: ErrorName; when: When } | undefined {
    for (const fault of this.#faults)
      if (fault.effect.kind === 'fail' && fault.covers(topic, partition)) return fault.effect
    return undefined
  }

  /** Whether the answer says nothing of that topic or partition. */
  leavesOut(topic: string, partition: number | undefined): boolean {
    return this.#faults.some((fault) => fault.effect.kind === 'leave out' && fault.covers(topic, partition))
  }

  /** What was to be answered is decided: with an error, without a part, or not to its end. */
  answered(): void {
    for (const fault of this.#faults) if (changesAnswer.has(fault.effect.kind)) fault.struck()
  }

  async #apply(when: When): Promise<void> {
    for (const fault of this.#faults) {
      const { effect } = fault
      if (!('when' in effect) || effect.when !== when || effect.kind === 'fail') continue
      if (effect.kind === 'drop') this.#endsConnection = true
      if (effect.kind === 'run') await this.#run(fault, effect.action)
      fault.struck()
      if (effect.kind === 'wait') await effect.until(fault.released)
    }
  }

  async #run(fault: Fault, action: (request: InterceptedRequest) => void | Promise<void>): Promise<void> {
    try {
      await action(this.#request)
    } catch (error) {
      fault.fail(error)
      throw new CloseConnection(fault.failure?.message ?? '')
    }
  }
}

const changesAnswer: ReadonlySet<string> = new Set(['fail', 'leave out', 'shorten'])
