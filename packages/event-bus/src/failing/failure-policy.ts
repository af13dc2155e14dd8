import { type Backoff, backoffFaults, exponential } from './backoff.ts'
import { type ClassificationRule, classificationFaults } from './classification.ts'
import {
  type OutagePolicy,
  outagePolicyFaults,
  type ResolvedOutagePolicy,
  resolveOutagePolicy,
} from './outage-policy.ts'
import { type RetryTopics, retryTopicsFaults } from './retry-topics.ts'

/** What a subscription does with a record whose handler fails. */
export interface FailurePolicy {
  /** Attempts that hold only the record's key. */
  readonly inPlace?: {
    /**
     * Attempts in all, the first one counted.
     *
     * @defaultValue 10
     */
    readonly attempts?: number
    /** @defaultValue `exponential({ initialMs: 200, maxMs: 30_000 })`: with 10 attempts the last one starts after about 80 s */
    readonly backoff?: Backoff
  }
  /**
   * No attempt starts later than this after the first failure, in milliseconds, in place or from a retry topic. Keep it well below the topic's retention.
   *
   * @defaultValue 3,600,000 (an hour)
   */
  readonly maxAgeMs?: number
  /**
   * What follows the last attempt. (Not called `then`, which would make linters take the policy for a promise.) `dead-letter`: the record is written to the group's dead-letter topic and the next one of its key runs. `hold`: the
   * record is tried again at the longest wait, at least 100 ms, until it succeeds; its key waits behind it and `health().degraded` names it. `retryTopics(...)`: the record
   * waits in retry topics, one attempt after each delay, before it is dead-lettered; its key does not wait, so later records of the key overtake it.
   *
   * @defaultValue 'dead-letter'
   */
  readonly afterwards?: 'dead-letter' | 'hold' | RetryTopics
  /**
   * What happens when the dead-letter topic refuses a record even in its smallest form. `hold`: the record waits and is offered again every 30 s.
   * `skip-and-alarm`: it is settled as skipped, with an error in the log that carries the event's place on the log: the record stays readable only as
   * long as the source topic keeps it.
   *
   * @defaultValue 'hold'
   */
  readonly deadLetterImpossible?: 'hold' | 'skip-and-alarm'
  /**
   * What kind of failure an error is: the first rule that matches decides, and what none matches is retried. Only what the handler throws is looked up;
   * `Reject` and undecodable bytes are decided before.
   *
   * @defaultValue [] (everything is retried)
   */
  readonly classify?: readonly ClassificationRule[]
  /**
   * How an outage of what the handler depends on is told from a record that cannot be handled, so that it does not drain a topic into the dead-letter
   * topic. `false`: every record is given up when its attempts are used up, whatever happens to others.
   *
   * @defaultValue {} (watched, with the defaults of `OutagePolicy`)
   */
  readonly outage?: OutagePolicy | false
}

/** The same with every default filled in. */
export interface ResolvedFailurePolicy {
  readonly attempts: number
  readonly backoff: Backoff
  readonly maxAgeMs: number
  readonly afterwards: 'dead-letter' | 'hold' | RetryTopics
  readonly deadLetterImpossible: 'hold' | 'skip-and-alarm'
  readonly classify: readonly ClassificationRule[]
  readonly outage: ResolvedOutagePolicy | false
}

export function resolveFailurePolicy(policy: FailurePolicy = {}): ResolvedFailurePolicy {
  return {
    attempts: policy.inPlace?.attempts ?? 10,
    backoff: policy.inPlace?.backoff ?? exponential({ initialMs: 200, maxMs: 30_000 }),
    maxAgeMs: policy.maxAgeMs ?? 3_600_000,
    afterwards: policy.afterwards ?? 'dead-letter',
    deadLetterImpossible: policy.deadLetterImpossible ?? 'hold',
    classify: [...(policy.classify ?? [])],
    outage: resolveOutagePolicy(policy.outage),
  }
}

/** What is wrong with a policy, in words; empty when nothing is. */
export function failurePolicyFaults(policy: ResolvedFailurePolicy): string[] {
  const faults = backoffFaults(policy.backoff).map((fault) => `onFailure.inPlace.backoff: ${fault}`)
  if (!Number.isInteger(policy.attempts) || policy.attempts < 1) {
    faults.push(`onFailure.inPlace.attempts must be a whole number of at least 1, got ${policy.attempts}`)
  }
  if (!(policy.maxAgeMs >= 0)) faults.push(`onFailure.maxAgeMs must be at least 0, got ${policy.maxAgeMs}`)
  if (typeof policy.afterwards === 'object') {
    const ofTopics = retryTopicsFaults(policy.afterwards, policy.maxAgeMs)
    faults.push(...ofTopics.map((fault) => `onFailure.afterwards: ${fault}`))
  }
  faults.push(...classificationFaults(policy.classify))
  if (policy.outage !== false) faults.push(...outagePolicyFaults(policy.outage))
  return faults
}
