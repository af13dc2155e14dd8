/** How long to wait between attempts. Plain data, so that a subscription can be printed and compared. */
export type Backoff = ExponentialBackoff | FixedBackoff

export interface ExponentialBackoff {
  readonly kind: 'exponential'
  readonly initialMs: number
  readonly maxMs: number
  readonly factor: number
  readonly jitter: number
}

export interface FixedBackoff {
  readonly kind: 'fixed'
  readonly delayMs: number
}

export interface ExponentialOptions {
  /** Wait after the first failure, in milliseconds. */
  readonly initialMs: number
  /** Longest wait, in milliseconds. */
  readonly maxMs: number
  /**
   * How much longer each wait is than the one before.
   *
   * @defaultValue 2
   */
  readonly factor?: number
  /**
   * The part of each wait that is random, from 0 to 1, so that records that failed together do not come back together. It only ever shortens a wait.
   *
   * @defaultValue 0.2
   */
  readonly jitter?: number
}

/** Waits that grow by a factor up to a longest one. Faults are reported by `defineSubscription`. */
export function exponential({ initialMs, maxMs, factor = 2, jitter = 0.2 }: ExponentialOptions): Backoff {
  return { kind: 'exponential', initialMs, maxMs, factor, jitter }
}

/** The same wait each time, in milliseconds. */
export function fixed(delayMs: number): Backoff {
  return { kind: 'fixed', delayMs }
}

/**
 * The wait after the nth failure (from 1), in milliseconds.
 *
 * @param random a number from 0 to 1, not including 1
 */
export function backoffDelayMs(backoff: Backoff, failures: number, random: number): number {
  if (backoff.kind === 'fixed') return backoff.delayMs
  if (backoff.initialMs === 0) return 0
  // A large exponent gives Infinity, which the longest wait bounds as well.
  const fullMs = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (failures - 1))
  return fullMs * (1 - backoff.jitter * random)
}

/** What is wrong with a backoff, in words; empty when nothing is. */
export function backoffFaults(backoff: Backoff): string[] {
  if (backoff.kind === 'fixed') return isDuration(backoff.delayMs) ? [] : ['delayMs must be a number of at least 0']
  const faults: string[] = []
  if (!isDuration(backoff.initialMs)) faults.push('initialMs must be a number of at least 0')
  if (!isDuration(backoff.maxMs)) faults.push('maxMs must be a number of at least 0')
  if (backoff.maxMs < backoff.initialMs)
    faults.push(`maxMs (${backoff.maxMs}) is less than initialMs (${backoff.initialMs})`)
  if (!(backoff.factor >= 1 && Number.isFinite(backoff.factor))) faults.push('factor must be at least 1')
  if (!(backoff.jitter >= 0 && backoff.jitter <= 1)) faults.push('jitter must be from 0 to 1')
  return faults
}

const isDuration = (ms: number): boolean => Number.isFinite(ms) && ms >= 0
