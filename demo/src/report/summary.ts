import { type Check, type DeadLetter, type Ledger, ordersIn } from '../reconcile/reconcile.ts'
import { milliseconds, quantile, tally } from './numbers.ts'

/** What the play was, beyond what must balance. */
export interface Play {
  readonly name: string
  readonly tookMs: number
  readonly refused: readonly { readonly orderId: string; readonly status: number; readonly title: string }[]
  /** From the HTTP request to the mail, for each order. */
  readonly requestToMailMs: readonly number[]
  /** Mails that arrived again under a Message-ID already seen. */
  readonly repeatedMails: number
  readonly tree: readonly string[]
}

export function summaryLines(play: Play, ledger: Ledger, checks: readonly Check[]): string[] {
  const { accepted, events, mails } = ledger
  const deadLetters = distinctDeadLetters(ledger)
  const repeatedEvents = events.length - new Set(events.map(({ id }) => id)).size
  const rate = Math.round((accepted.length / play.tookMs) * 1000)
  return [
    '',
    `── ${play.name}, in ${milliseconds(play.tookMs)} (${rate} orders/s from HTTP to mail)`,
    row(
      'orders',
      `${accepted.length} accepted, ${ordersIn(ledger, 'confirmed').length} confirmed, ${ordersIn(ledger, 'rejected').length} rejected`,
    ),
    ...(play.refused.length > 0 ? [row('refused', `${play.refused.length} at the door:`)] : []),
    ...tally(play.refused.map(({ status, title }) => `${status} ${title}`)).map(([reason, count]) =>
      row('', `${String(count).padStart(6)} × ${reason}`),
    ),
    row('mails', `${mails.length} sent`),
    row('dead letters', `${deadLetters.length}${deadLetters.length > 0 ? ':' : ''}`),
    ...tally(deadLetters.map(({ group, reason }) => `${group}: ${reason}`)).map(([reason, count]) =>
      row('', `${String(count).padStart(6)} × ${reason}`),
    ),
    row(
      'repeated',
      `${repeatedEvents} events on the log (same id), ${play.repeatedMails} mails (same Message-ID), ${ledger.deadLetters.length - deadLetters.length} dead letters (same record)`,
    ),
    row(
      'HTTP to mail',
      `p50 ${milliseconds(quantile(play.requestToMailMs, 0.5))}, p99 ${milliseconds(quantile(play.requestToMailMs, 0.99))}`,
    ),
    '',
    '── one order, over the three services',
    ...(play.tree.length > 0 ? play.tree : ['no trace is whole: a killed process takes its last spans with it']).map(
      (line) => `   ${line}`,
    ),
    '',
    '── does it balance?',
    ...checks.map(({ name, holds, detail }) => `   ${holds ? '✓' : '✗'} ${name} (${detail})`),
    '',
  ]
}

const row = (label: string, text: string): string => `   ${label.padEnd(13)} ${text}`

/** A group that dies between the write of a dead letter and its commit writes it again. */
function distinctDeadLetters({ deadLetters }: Ledger): DeadLetter[] {
  const byRecord = new Map(deadLetters.map((letter) => [`${letter.group} ${letter.value?.toString('base64')}`, letter]))
  return [...byRecord.values()]
}
