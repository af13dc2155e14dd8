import { type Check, type Ledger, ordersIn } from '../reconcile/reconcile.ts'
import type { SeenSpan } from '../trace/otlp.ts'
import { quantile } from './numbers.ts'
import type { Play } from './summary.ts'

/** What happened, for programs. */
export interface JsonReport {
  readonly tookMs: number
  readonly accepted: number
  /** Order ids, in the order in which they were placed. */
  readonly confirmed: readonly string[]
  readonly rejected: readonly string[]
  readonly refused: readonly { readonly orderId: string; readonly status: number; readonly title: string }[]
  readonly unitsLeft: number
  readonly mails: number
  readonly repeatedMails: number
  readonly deadLetters: readonly { readonly group: string; readonly reason: string; readonly traceId: string | null }[]
  readonly requestToMailMs: { readonly p50: number; readonly p99: number }
  readonly checks: readonly Check[]
  /** The trace that is printed as a tree. */
  readonly trace: readonly SeenSpan[]
}

export function jsonReport(
  play: Play,
  ledger: Ledger,
  checks: readonly Check[],
  trace: readonly SeenSpan[],
): JsonReport {
  return {
    tookMs: Math.round(play.tookMs),
    accepted: ledger.accepted.length,
    confirmed: ordersIn(ledger, 'confirmed').map(({ orderId }) => orderId),
    rejected: ordersIn(ledger, 'rejected').map(({ orderId }) => orderId),
    refused: play.refused.map(({ orderId, status, title }) => ({ orderId, status, title })),
    unitsLeft: [...ledger.stockAfter.values()].reduce((sum, quantity) => sum + quantity, 0),
    mails: ledger.mails.length,
    repeatedMails: play.repeatedMails,
    deadLetters: ledger.deadLetters.map(({ group, reason, traceId }) => ({ group, reason, traceId })),
    requestToMailMs: { p50: quantile(play.requestToMailMs, 0.5), p99: quantile(play.requestToMailMs, 0.99) },
    checks,
    trace,
  }
}
