/** Staging of faults: which answers go wrong, how, and how often. Deterministic: requests are counted, nothing is random. */
import type { ApiName } from '../api/catalogue.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { DiskRoom } from '../storage/storage.ts'
import { type DiskFilter, type Effect, Fault, type FaultFilter, type InterceptedRequest, type When } from './fault.ts'
import { Interception } from './interception.ts'

/** What a fault of the disk is matched with in place of an API's name. */
const diskWrite = 'disk write'

/** What shall happen to the requests that were chosen. */
export interface FaultChoice {
  /**
   * The chosen partitions (or the whole request, where the API has one answer) fail with that error;
   * other partitions of the same request are served.
   *
   * @param when - `before` (default): nothing is applied. `after`: applied, but reported as failed.
   */
  failWith(error: ErrorName, when?: When): Fault
  /** The connection is cut: `before` the request is applied, or `after` it was, so that only its answer is lost. */
  dropConnection(when: When): Fault
  /** Applied late (`before`) or answered late (`after`). The request is applied even when its client has gone meanwhile. */
  delay(milliseconds: number, when: When): Fault
  /** Like a delay that ends with {@link Fault.release}: no test needs to guess a time. */
  hold(when: When): Fault
  /** Applied and never answered; with `before`, not applied either. The connection stays open and, like every Kafka connection, serves nothing later. */
  never(when?: When): Fault
  /** Runs something at that very moment, such as `kafka.moveLeader(...)` between two requests. It is told what was asked. */
  run(action: (request: InterceptedRequest) => void | Promise<void>, when?: When): Fault
}

export class Faults {
  #staged: Fault[] = []

  /** Chooses requests of one API. Nothing is staged until the choice is completed, for example with `failWith`. */
  on(api: ApiName, filter: FaultFilter = {}): FaultChoice {
    const stage = (effectOf: (fault: () => Fault) => Effect): Fault => this.#stage(api, filter, effectOf)
    return {
      failWith: (error, when = 'before') => stage(() => ({ kind: 'fail', error, when })),
      dropConnection: (when) => stage(() => ({ kind: 'drop', when })),
      delay: (milliseconds, when) => stage(() => ({ kind: 'wait', until: () => sleep(milliseconds), when })),
      hold: (when) => stage((fault) => ({ kind: 'wait', until: () => fault().released, when })),
      never: (when = 'after') => stage(() => ({ kind: 'wait', until: () => new Promise(() => {}), when })),
      run: (action, when = 'before') => stage(() => ({ kind: 'run', action, when })),
    }
  }

  /**
   * The disk is full for the chosen writes: batches, and without `topic` what is noted of topics and commits too.
   * A produce is refused with KAFKA_STORAGE_ERROR, and nothing of it can be read. Works in memory as well.
   *
   * @param afterBytes - that many bytes of each are still written before the disk is full. Default 0.
   */
  diskFull(filter: DiskFilter = {}, afterBytes = 0): Fault {
    return this.#stage(diskWrite, filter, () => ({ kind: 'full disk', afterBytes, when: 'before' }))
  }

  /** How many of the bytes the disk still takes. @internal */
  readonly diskRoom: DiskRoom = (bytes, subject) => {
    if (this.#staged.length === 0) return bytes
    const request = { api: diskWrite, broker: -1, clientId: '', subjects: () => [subject] }
    let room = bytes
    for (const fault of this.#staged.filter((each) => each.strikes(request))) {
      fault.struck()
      if (fault.effect.kind === 'full disk') room = Math.min(room, fault.effect.afterBytes)
    }
    return room
  }

  /** Removes everything that is still staged. */
  clear(): void {
    for (const fault of this.#staged) fault.remove()
  }

  /** @internal */
  intercept(request: InterceptedRequest): Interception | undefined {
    if (this.#staged.length === 0) return undefined
    const striking = this.#staged.filter((fault) => fault.strikes(request))
    return striking.length === 0 ? undefined : new Interception(striking, request)
  }

  #stage(api: string, filter: FaultFilter, effectOf: (fault: () => Fault) => Effect): Fault {
    const fault: Fault = new Fault(
      api,
      filter,
      effectOf(() => fault),
      () => {
        this.#staged = this.#staged.filter((each) => each !== fault)
      },
    )
    this.#staged = [...this.#staged, fault]
    return fault
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
