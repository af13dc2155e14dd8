import type { SourceOrder, StockLevel } from '../orders/source-order.ts'
import type { ReceivedMail } from './mailbox.ts'

/** All that was seen from outside: over HTTP, on the log, in the mailbox. Nothing in it is a service's own opinion of its success. */
export interface Ledger {
  readonly accepted: readonly SourceOrder[]
  /** End state of each accepted order, by order id. */
  readonly states: ReadonlyMap<string, string>
  readonly stockBefore: readonly StockLevel[]
  readonly stockAfter: ReadonlyMap<string, number>
  readonly mails: readonly ReceivedMail[]
  /** Events on the log of this run. */
  readonly events: readonly LoggedEvent[]
  readonly poison: readonly PoisonRecord[]
  readonly deadLetters: readonly DeadLetter[]
  /** Records that a group has not settled, by group. */
  readonly lag: ReadonlyMap<string, bigint>
}

export interface LoggedEvent {
  readonly id: string
  readonly type: string
  readonly orderId: string
}

export interface PoisonRecord {
  readonly what: string
  readonly value: Buffer
  /** The groups that have to dead-letter it. */
  readonly groups: readonly string[]
}

export interface DeadLetter {
  readonly group: string
  readonly reason: string
  readonly value: Buffer | null
  /** Of the hop that wrote it. */
  readonly traceId: string | null
}

export interface Check {
  readonly name: string
  readonly holds: boolean
  readonly detail: string
}

const decided = new Set(['confirmed', 'rejected'])

/** Every check that must hold when the play is over. */
export function reconcile(ledger: Ledger): Check[] {
  return [
    everyOrderDecided(ledger),
    everyOrderOnTheLog(ledger),
    stockAddsUp(ledger),
    everyOutcomeMailed(ledger),
    poisonKept(ledger),
    noOtherDeadLetters(ledger),
    nothingLeftBehind(ledger),
  ]
}

export const ordersIn = (ledger: Ledger, state: string): SourceOrder[] =>
  ledger.accepted.filter(({ orderId }) => ledger.states.get(orderId) === state)

function everyOrderDecided({ accepted, states }: Ledger): Check {
  const open = accepted.filter(({ orderId }) => !decided.has(states.get(orderId) ?? ''))
  return check(
    'every accepted order ended in exactly one state',
    open.length === 0,
    `${accepted.length - open.length} of ${accepted.length} decided${some(open.map(({ orderId }) => orderId))}`,
  )
}

function everyOrderOnTheLog({ accepted, states, events }: Ledger): Check {
  const idsOf = (type: string): Map<string, Set<string>> => {
    const ids = new Map<string, Set<string>>()
    for (const event of events)
      if (event.type === type) ids.set(event.orderId, (ids.get(event.orderId) ?? new Set()).add(event.id))
    return ids
  }
  const placed = idsOf('order.placed')
  const outcomes = { confirmed: idsOf('order.confirmed'), rejected: idsOf('order.rejected') }
  const wrong = accepted.filter(({ orderId }) => {
    const state = states.get(orderId)
    const expected = (outcome: 'confirmed' | 'rejected'): number => (state === outcome ? 1 : 0)
    return (
      placed.get(orderId)?.size !== 1 ||
      (outcomes.confirmed.get(orderId)?.size ?? 0) !== expected('confirmed') ||
      (outcomes.rejected.get(orderId)?.size ?? 0) !== expected('rejected')
    )
  })
  return check(
    'the log holds one placed and one outcome event for each order',
    wrong.length === 0,
    `${accepted.length - wrong.length} of ${accepted.length} agree${some(wrong.map(({ orderId }) => orderId))}`,
  )
}

function stockAddsUp(ledger: Ledger): Check {
  const reserved = new Map<string, number>()
  for (const { sku, quantity } of ordersIn(ledger, 'confirmed').flatMap((order) => order.lines))
    reserved.set(sku, (reserved.get(sku) ?? 0) + quantity)
  const wrong = ledger.stockBefore.filter(
    ({ sku, quantity }) => (ledger.stockAfter.get(sku) ?? Number.NaN) !== quantity - (reserved.get(sku) ?? 0),
  )
  const negative = [...ledger.stockAfter].filter(([, quantity]) => quantity < 0)
  const before = ledger.stockBefore.reduce((sum, { quantity }) => sum + quantity, 0)
  const after = [...ledger.stockAfter.values()].reduce((sum, quantity) => sum + quantity, 0)
  return check(
    'stock before - confirmed orders = stock after, and never below zero',
    wrong.length === 0 && negative.length === 0,
    `${before} - ${before - after} = ${after} units${some(wrong.map(({ sku }) => sku))}`,
  )
}

function everyOutcomeMailed({ accepted, states, mails }: Ledger): Check {
  const mailsByOrder = Map.groupBy(mails, ({ orderId }) => orderId)
  const wrong = accepted.filter(({ orderId }) => {
    const own = mailsByOrder.get(orderId) ?? []
    return own.length !== 1 || own[0]?.outcome !== states.get(orderId)
  })
  return check(
    'every outcome has exactly one mail that tells it',
    wrong.length === 0 && mails.length === accepted.length,
    `${mails.length} mails for ${accepted.length} orders${some(wrong.map(({ orderId }) => orderId))}`,
  )
}

function poisonKept({ poison, deadLetters }: Ledger): Check {
  const expected = poison.flatMap((record) => record.groups.map((group) => ({ record, group })))
  const missing = expected.filter(
    ({ record, group }) => !deadLetters.some((letter) => letter.group === group && letter.value?.equals(record.value)),
  )
  return check(
    'every poison record lies in the dead-letter topic of each group, byte for byte',
    missing.length === 0,
    `${expected.length - missing.length} of ${expected.length}${some(missing.map(({ record, group }) => `${record.what} for ${group}`))}`,
  )
}

function noOtherDeadLetters({ poison, deadLetters }: Ledger): Check {
  const others = deadLetters.filter((letter) => !poison.some((record) => letter.value?.equals(record.value)))
  return check(
    'nothing else was dead-lettered',
    others.length === 0,
    `${others.length} others${some(others.map(({ group, reason }) => `${group}: ${reason}`))}`,
  )
}

function nothingLeftBehind({ lag }: Ledger): Check {
  const behind = [...lag].filter(([, records]) => records !== 0n)
  return check(
    'every group has settled and committed the whole log',
    behind.length === 0,
    [...lag].map(([group, records]) => `${group} ${records} behind`).join(', '),
  )
}

const check = (name: string, holds: boolean, detail: string): Check => ({ name, holds, detail })

/** A few culprits by name: enough to start looking. */
const some = (names: readonly string[]): string =>
  names.length === 0
    ? ''
    : `: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
