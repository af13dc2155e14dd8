import type { DelayedRetry, DepartureForm } from './departure.ts'
import { failureFrom } from './failure.ts'
import { type ErrorDetail, provenanceHeaders } from './provenance.ts'

/** There is no pointer among them: what is tried again must be all there. */
const FORMS: readonly ErrorDetail[] = ['stack', 'message', 'none']

/**
 * The record as it waits in its retry topic. When it is due is counted from the write, not from the failure: what was held up on its way stays in line with what
 * was not, because a partition of a retry topic is read in order.
 */
export function delayedRetryForms(retry: DelayedRetry, traceparent: Buffer): DepartureForm[] {
  const { record, history, delayMs } = retry
  const { key, value } = record
  const { origin, original, redriveCount } = history
  return FORMS.map((detail) => (now) => {
    const report = { ...retry, origin, redriveCount, reason: null, failedAt: now, dueAt: now + delayMs, heldMs: null }
    const headers = [...provenanceHeaders(report, detail, traceparent), ...original]
    return { key, value, headers, timestamp: now }
  })
}

/**
 * Whether less of it may be accepted where all of it was refused. A topic that may not be written is another matter than for a dead letter: waiting until somebody
 * acts is better than giving up every record that fails once.
 */
export function isAboutTheRetry(error: unknown): boolean {
  return failureFrom(error).code === 'RECORD_TOO_LARGE'
}
