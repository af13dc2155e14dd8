import type { ErrorName } from '../protocol/error-codes.ts'
import type { Fault, InterceptedRequest, When } from './fault.ts'

/** The faults that hit one request, in the order in which they were staged. */
export class Interception {
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

  before(): Promise<void> {
    return this.#apply('before')
  }

  after(): Promise<void> {
    return this.#apply('after')
  }

  /** The error that the whole request is answered with, for APIs that have one. */
  refusal(when: When): ErrorName | undefined {
    for (const { effect } of this.#faults) if (effect.kind === 'fail' && effect.when === when) return effect.error
    return undefined
  }

  /** The error that one topic or partition is answered with. */
  partitionFault(topic: string, partition: number | undefined): { error: ErrorName; when: When } | undefined {
    for (const fault of this.#faults)
      if (fault.effect.kind === 'fail' && fault.covers(topic, partition)) return fault.effect
    return undefined
  }

  /** The answer is on its way. */
  done(): void {
    for (const fault of this.#faults) if (fault.effect.kind === 'fail') fault.struck()
  }

  async #apply(when: When): Promise<void> {
    for (const fault of this.#faults) {
      const { effect } = fault
      if (effect.when !== when || effect.kind === 'fail' || effect.kind === 'full disk') continue
      if (effect.kind === 'drop') this.#endsConnection = true
      if (effect.kind === 'run') await effect.action(this.#request)
      fault.struck()
      if (effect.kind === 'wait') await effect.until()
    }
  }
}
