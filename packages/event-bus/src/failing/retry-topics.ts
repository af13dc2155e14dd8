/** Retries that wait in topics of their own: which there are, and which one is next. */

/** As `retryTopics` makes it, for `onFailure.afterwards`. Plain data. */
export interface RetryTopics {
  readonly kind: 'retry-topics'
  readonly delaysMs: readonly number[]
  readonly order: 'overtake'
}

export interface RetryTopicsOptions {
  /**
   * One topic and one attempt for each, in milliseconds, ascending. A record that fails in place goes to the first, one that fails there to the second, and
   * from the last to the dead-letter topic.
   */
  readonly delaysMs: readonly number[]
  /**
   * What it costs, to be written out: later records of a key overtake one that waits. There is no default, and no other value yet.
   */
  readonly order: 'overtake'
}

/**
 * Retries that hold no key: a record that has failed in place waits in a retry topic, and the next one of its key runs. Faults are reported by
 * `defineSubscription`.
 */
export function retryTopics({ delaysMs, order }: RetryTopicsOptions): RetryTopics {
  return Object.freeze({ kind: 'retry-topics', delaysMs: Object.freeze([...delaysMs]), order })
}

/**
 * The delay that a record waits for next, in milliseconds; null after the last. A chain only goes on to longer delays, so it ends, also where the list was
 * another when it began.
 *
 * @param passedMs the delay that it has waited for already; 0 for none
 * @param afterMs the wait that its handler asked for; null when it did not. Where no delay is as long, the longest one serves.
 */
export function nextDelayMs(delaysMs: readonly number[], passedMs: number, afterMs: number | null): number | null {
  const left = delaysMs.filter((delayMs) => delayMs > passedMs)
  return left.find((delayMs) => delayMs >= (afterMs ?? 0)) ?? left.at(-1) ?? null
}

/** Each delay is a topic with as many partitions as its source. */
const MAX_DELAYS = 16

/** What is wrong with retry topics, in words; empty when nothing is. */
export function retryTopicsFaults({ delaysMs, order }: RetryTopics, maxAgeMs: number): string[] {
  const faults: string[] = []
  const isWhole = (delayMs: number): boolean => Number.isSafeInteger(delayMs) && delayMs >= 1
  if (order !== 'overtake') faults.push(`order must be 'overtake', got ${JSON.stringify(order)}`)
  if (delaysMs.length < 1 || delaysMs.length > MAX_DELAYS) {
    faults.push(`delaysMs must have 1 to ${MAX_DELAYS} delays, got ${delaysMs.length}`)
  }
  for (const delayMs of delaysMs) {
    if (!isWhole(delayMs)) faults.push(`delaysMs: ${delayMs} is no whole number of milliseconds of at least 1`)
  }
  if (delaysMs.some((delayMs, index) => index > 0 && !(delayMs > (delaysMs[index - 1] ?? 0)))) {
    faults.push(`delaysMs must ascend, each delay once, got ${delaysMs.join(', ')}`)
  }
  const sumMs = delaysMs.reduce((sum, delayMs) => sum + delayMs, 0)
  if (sumMs > maxAgeMs) {
    faults.push(`delaysMs take ${sumMs} ms together, and nothing is retried after maxAgeMs (${maxAgeMs}): raise it`)
  }
  return faults
}
