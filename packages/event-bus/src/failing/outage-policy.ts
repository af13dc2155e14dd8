import { type Backoff, backoffFaults, exponential } from './backoff.ts'

/** How a subscription tells an outage of what its handler depends on from a record that cannot be handled. Each event type is watched by itself. */
export interface OutagePolicy {
  /**
   * Dead letters that may follow each other without a success between them. Every success of the event type adds a permit up to this many, every dead
   * letter for exhausted attempts or age takes one. More than the records that are poisoned at the same time gains nothing; fewer slows their giving up.
   *
   * @defaultValue 10
   */
  readonly maxPermits?: number
  /**
   * Waits between the attempts that look whether an outage is over. A record that has not been tried yet never waits longer than the first of them;
   * the first is also the wait before a failed record is looked at a second time, which comes before an outage is declared.
   *
   * @defaultValue `exponential({ initialMs: 1_000, maxMs: 5_000, jitter: 0 })`: an outage that is over is noticed within 5 s, and costs the dependency no
   * more than a call each second
   */
  readonly probe?: Backoff
  /**
   * How long a record is held without any success of its type, in milliseconds, before its failures as a probe count as attempts again. Then it is given
   * up after as many as `inPlace.attempts`, one record at a time: the way out for a quiet topic whose only record is poison. Keep it well below the
   * topic's retention. `Infinity` holds until something succeeds.
   *
   * @defaultValue 3,600,000 (an hour)
   */
  readonly maxHoldMs?: number
  /**
   * Held records that run again in the first second after an outage; twice as many in each further second in which something succeeds, until none is
   * held. What comes back from an outage should not meet everything that has waited at once.
   *
   * @defaultValue 10
   */
  readonly releasePerSecond?: number
}

/** The same with every default filled in. */
export type ResolvedOutagePolicy = Readonly<Required<OutagePolicy>>

export function resolveOutagePolicy(policy: OutagePolicy | false = {}): ResolvedOutagePolicy | false {
  if (policy === false) return false
  return {
    maxPermits: policy.maxPermits ?? 10,
    probe: policy.probe ?? exponential({ initialMs: 1_000, maxMs: 5_000, jitter: 0 }),
    maxHoldMs: policy.maxHoldMs ?? 3_600_000,
    releasePerSecond: policy.releasePerSecond ?? 10,
  }
}

/** What is wrong with a policy, in words; empty when nothing is. */
export function outagePolicyFaults({ maxPermits, probe, maxHoldMs, releasePerSecond }: ResolvedOutagePolicy): string[] {
  const faults = backoffFaults(probe).map((fault) => `onFailure.outage.probe: ${fault}`)
  if (!(longestWaitMs(probe) > 0)) faults.push('onFailure.outage.probe must wait: its longest wait is 0')
  if (!Number.isSafeInteger(maxPermits) || maxPermits < 1) {
    faults.push(`onFailure.outage.maxPermits must be a whole number of at least 1, got ${maxPermits}`)
  }
  if (!(maxHoldMs >= 0)) faults.push(`onFailure.outage.maxHoldMs must be at least 0, got ${maxHoldMs}`)
  if (!(releasePerSecond > 0 && Number.isFinite(releasePerSecond))) {
    faults.push(`onFailure.outage.releasePerSecond must be more than 0, got ${releasePerSecond}`)
  }
  return faults
}

/** The wait that a backoff ends with, in milliseconds. */
export function longestWaitMs(backoff: Backoff): number {
  return backoff.kind === 'fixed' ? backoff.delayMs : backoff.maxMs
}
