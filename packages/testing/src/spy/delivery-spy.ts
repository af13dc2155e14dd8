import { type Clock, type Driver, deadLetterTopic, type SubscriptionDefinition } from '@tributary/event-bus'
import { Happenings, type WaitOptions } from '../clock/happenings.ts'
import {
  type DeliveryFact,
  type DeliveryMatch,
  type DeliveryOutcome,
  deadLetterFact,
  describeFact,
  describeMatch,
  matches,
} from './delivery-fact.ts'
import { followTopics } from './follow-topics.ts'
import { watchedHandler } from './watched-handler.ts'

/** Awaits what becomes of events, instead of a time in which it should have happened. */
export interface DeliverySpy extends AsyncDisposable {
  /** Everything seen so far, in order. */
  readonly seen: readonly DeliveryFact[]
  /**
   * The same subscription with its handlers watched. Subscribe to what it returns. `handled` is seen when the handler has returned; the
   * settlement and the commit follow.
   */
  wrap(subscription: SubscriptionDefinition): SubscriptionDefinition
  /** Reads the dead-letter topics of a subscription from their start, in a group of its own. Resolves when it has joined. */
  watchDeadLetters(driver: Driver, subscription: SubscriptionDefinition): Promise<void>
  /**
   * Resolves with the first delivery that matches, also one that has happened before the call.
   *
   * @throws Error that lists what was seen instead, when the time is over.
   */
  waitFor(match: DeliveryMatch, outcome: DeliveryOutcome, options?: WaitOptions): Promise<DeliveryFact>
  /** Resolves with the first `count` deliveries that match. */
  waitForCount(
    count: number,
    match: DeliveryMatch,
    outcome: DeliveryOutcome,
    options?: WaitOptions,
  ): Promise<DeliveryFact[]>
  /** Stops reading dead-letter topics. */
  close(): Promise<void>
}

/**
 * @param options - `clock`: what timeouts are measured with. On a virtual clock a wait that can not be satisfied fails as soon as the test has
 * advanced far enough. @defaultValue `systemClock`
 */
export function deliverySpy(options: { readonly clock?: Clock } = {}): DeliverySpy {
  const happenings = new Happenings<DeliveryFact>(describeFact, options.clock)
  const followers: { close(): Promise<void> }[] = []

  const waitForCount: DeliverySpy['waitForCount'] = (count, match, outcome, waitOptions) => {
    const what = `${count === 1 ? 'a delivery' : `${count} deliveries`} ${outcome}: ${describeMatch(match)};`
    return happenings.waitFor(
      what,
      (seen) => {
        const found = seen.filter((fact) => fact.outcome === outcome && matches(fact, match))
        return found.length >= count ? found.slice(0, count) : undefined
      },
      waitOptions,
    )
  }
  const close = async (): Promise<void> => {
    await Promise.all(followers.splice(0).map((follower) => follower.close()))
  }

  return {
    get seen() {
      return happenings.seen
    },
    wrap: (subscription) => ({
      ...subscription,
      on: subscription.on.map((registration) => watchedHandler(registration, (fact) => happenings.add(fact))),
    }),
    async watchDeadLetters(driver, { group, topics }) {
      const deadLetterTopics = topics.map((topic) => deadLetterTopic(topic, group))
      const follower = followTopics(driver, deadLetterTopics, (record, topic) =>
        happenings.add(deadLetterFact(record, topic)),
      )
      followers.push(follower)
      await follower.joined
    },
    async waitFor(match, outcome, waitOptions) {
      const [fact] = await waitForCount(1, match, outcome, waitOptions)
      if (!fact) throw new Error('unreachable: one delivery was waited for')
      return fact
    },
    waitForCount,
    close,
    [Symbol.asyncDispose]: close,
  }
}
