import { inspect } from 'node:util'
import type { ApiName } from '../api/catalogue.ts'
import type { Clock } from '../cluster/clock.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import type { Effect, When } from './effect.ts'
import type { Fault } from './fault.ts'
import { EmbeddedKafkaFaultError } from './fault-error.ts'
import type { InterceptedRequest } from './intercepted-request.ts'
import type { ApiAnsweredInParts } from './selectors.ts'

/**
 * What shall happen to the requests that were chosen.
 *
 * Each method stages one fault and throws an {@link EmbeddedKafkaFaultError} when its arguments cannot be meant. Several
 * faults may hit one request: they take effect in the order in which they were staged, and the first error counts.
 */
export interface FaultChoice<Api extends ApiName = ApiName> {
  /**
   * The chosen partitions (or the whole request, where the API has one answer) fail with that error;
   * other partitions of the same request are served.
   *
   * @param when - `before` (default): nothing is applied. `after`: applied, but reported as failed.
   */
  failWith(error: ErrorName, when?: When): Fault
  /**
   * Applied, but the answer says nothing of the chosen topics or partitions. No sane broker does so, and a client must not
   * take silence for success. For APIs that answer for each topic or partition apart.
   */
  readonly leaveOut: Api extends ApiAnsweredInParts ? () => Fault : never
  /**
   * Applied; of the answer's frame, with the four bytes of its length, so many bytes are sent, and the connection is closed.
   * An answer that is no longer than that arrives whole before.
   */
  cutAnswerAfter(bytes: number): Fault
  /** Like `cutAnswerAfter`, but the connection stays open and silent: the rest never comes. */
  stallAnswerAfter(bytes: number): Fault
  /** The connection is cut: `before` the request is applied, or `after` it was, so that only its answer is lost. */
  dropConnection(when: When): Fault
  /**
   * Applied late (`before`) or answered late (`after`), by the clock of the broker. The request is applied even when its
   * client has gone meanwhile.
   */
  delay(milliseconds: number, when: When): Fault
  /** Like a delay that ends with {@link Fault.release}: no test needs to guess a time. */
  hold(when: When): Fault
  /** Applied and never answered; with `before`, not applied either. The connection stays open and, like every Kafka connection, serves nothing later. */
  never(when?: When): Fault
  /**
   * Runs something at that very moment, such as `kafka.moveLeader(...)` between two requests. It is told what was asked.
   * When it throws, the connection is closed, and `happened()` and `assertAllHappened()` of the test throw what it threw.
   */
  run(action: (request: InterceptedRequest) => void | Promise<void>, when?: When): Fault
}

/** Completes a choice that was made by the call `choice`. `isInParts` says whether a topic or partition can be left out of the answers. */
export function faultChoice(
  choice: string,
  stage: (effect: Effect, text: string) => Fault,
  clock: Clock,
  isInParts: boolean,
): FaultChoice {
  const call = (name: string, ...given: unknown[]): string => {
    const shown = given.filter((each) => each !== undefined).map((each) => inspect(each))
    return `${choice}.${name}(${shown.join(', ')})`
  }
  const shorten = (name: string, bytes: number, closes: boolean): Fault => {
    const text = call(name, bytes)
    mustBe(Number.isInteger(bytes) && bytes >= 0, text, 'bytes is no whole number from 0 on')
    return stage({ kind: 'shorten', bytes, closes }, text)
  }
  return {
    failWith(error, when) {
      const text = call('failWith', error, when)
      mustBe(Object.hasOwn(errorCodes, error) && error !== 'NONE', text, 'this is no error of the protocol')
      return stage({ kind: 'fail', error, when: when ?? 'before' }, text)
    },
    leaveOut() {
      const text = call('leaveOut')
      mustBe(isInParts, text, 'its answers have no parts that could be left out')
      return stage({ kind: 'leave out' }, text)
    },
    cutAnswerAfter: (bytes) => shorten('cutAnswerAfter', bytes, true),
    stallAnswerAfter: (bytes) => shorten('stallAnswerAfter', bytes, false),
    dropConnection: (when) => stage({ kind: 'drop', when }, call('dropConnection', when)),
    delay(milliseconds, when) {
      const text = call('delay', milliseconds, when)
      mustBe(milliseconds >= 0 && milliseconds < Number.POSITIVE_INFINITY, text, 'this is no time')
      return stage({ kind: 'wait', until: (released) => elapsed(clock, milliseconds, released), when }, text)
    },
    hold: (when) => stage({ kind: 'wait', until: (released) => released, when }, call('hold', when)),
    never: (when) =>
      stage({ kind: 'wait', until: () => new Promise(() => {}), when: when ?? 'after' }, call('never', when)),
    run: (action, when) => stage({ kind: 'run', action, when: when ?? 'before' }, call('run', action, when)),
  }
}

function mustBe(isRight: boolean, text: string, mistake: string): void {
  if (!isRight) throw new EmbeddedKafkaFaultError(`${text}: ${mistake}`)
}

async function elapsed(clock: Clock, milliseconds: number, released: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(milliseconds, resolve)
  await Promise.race([promise, released])
  cancel()
}
