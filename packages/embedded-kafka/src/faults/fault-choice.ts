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
  const stageAs = (name: string, given: readonly unknown[], effect: Effect, mistake?: string): Fault => {
    const shown = given.filter((each) => each !== undefined).map((each) => inspect(each))
    const text = `${choice}.${name}(${shown.join(', ')})`
    const isTimeless = 'when' in effect && effect.when !== 'before' && effect.when !== 'after'
    const wrong = isTimeless ? 'before or after the request is applied?' : mistake
    if (wrong !== undefined) throw new EmbeddedKafkaFaultError(`${text}: ${wrong}`)
    return stage(effect, text)
  }
  const shorten = (name: string, bytes: number, closes: boolean): Fault => {
    const isLength = Number.isInteger(bytes) && bytes >= 0
    const mistake = isLength ? undefined : 'bytes is no whole number from 0 on'
    return stageAs(name, [bytes], { kind: 'shorten', bytes, closes }, mistake)
  }
  return {
    failWith(error, when) {
      const isError = Object.hasOwn(errorCodes, error) && error !== 'NONE'
      const mistake = isError ? undefined : 'this is no error of the protocol'
      return stageAs('failWith', [error, when], { kind: 'fail', error, when: when ?? 'before' }, mistake)
    },
    leaveOut() {
      const mistake = isInParts ? undefined : 'its answers have no parts that could be left out'
      return stageAs('leaveOut', [], { kind: 'leave out' }, mistake)
    },
    cutAnswerAfter: (bytes) => shorten('cutAnswerAfter', bytes, true),
    stallAnswerAfter: (bytes) => shorten('stallAnswerAfter', bytes, false),
    dropConnection: (when) => stageAs('dropConnection', [when], { kind: 'drop', when }),
    delay(milliseconds, when) {
      const isTime = milliseconds >= 0 && milliseconds < Number.POSITIVE_INFINITY
      const until = (released: Promise<void>): Promise<void> => elapsed(clock, milliseconds, released)
      return stageAs(
        'delay',
        [milliseconds, when],
        { kind: 'wait', until, when },
        isTime ? undefined : 'this is no time',
      )
    },
    hold: (when) => stageAs('hold', [when], { kind: 'wait', until: (released) => released, when }),
    never: (when) => stageAs('never', [when], { kind: 'wait', until: forEver, when: when ?? 'after' }),
    run: (action, when) => stageAs('run', [action, when], { kind: 'run', action, when: when ?? 'before' }),
  }
}

function forEver(): Promise<void> {
  return new Promise(() => {})
}

async function elapsed(clock: Clock, milliseconds: number, released: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(milliseconds, resolve)
  await Promise.race([promise, released])
  cancel()
}
