import { headerNames, headerText, provenanceHeaderNames } from '@tributary/event-bus'
import type { Scenario } from './orders/source-order.ts'
import type { Played } from './play.ts'
import { groupLag, recordsSince } from './reconcile/log.ts'
import type { DeadLetter, Ledger, LoggedEvent } from './reconcile/reconcile.ts'
import { readers } from './stage/readers.ts'
import { deadLetterTopics, type Stage } from './stage/stage.ts'

/** Collects from outside what has become of everything: over HTTP, from the log, from the mailbox. */
export async function audit(stage: Stage, scenario: Scenario, played: Played): Promise<Ledger> {
  const accepted = played.placements.flatMap((placement) => (placement.kind === 'accepted' ? [placement.order] : []))
  await caughtUp(stage)
  return {
    accepted,
    states: await statesOf(
      stage,
      accepted.map(({ orderId }) => orderId),
    ),
    stockBefore: scenario.stock,
    stockAfter: await stockOf(stage),
    mails: stage.mailbox.distinct(),
    events: await loggedEvents(stage),
    poison: played.poison,
    deadLetters: await deadLetters(stage),
    lag: await lags(stage),
  }
}

/** Offsets are committed within a second of their settlement; how long to wait for the last of them. */
const commitWithinMs = 15_000

async function caughtUp(stage: Stage): Promise<void> {
  const deadline = performance.now() + commitWithinMs
  while (performance.now() < deadline && [...(await lags(stage)).values()].some((lag) => lag !== 0n)) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function lags({ admin }: Stage): Promise<Map<string, bigint>> {
  const lag = new Map<string, bigint>()
  for (const [topic, groups] of readers)
    for (const group of groups) lag.set(group, (lag.get(group) ?? 0n) + (await groupLag(admin, group, [topic])))
  return lag
}

async function statesOf(stage: Stage, orderIds: readonly string[]): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  for (const orderId of orderIds) {
    const response = await fetch(`${stage.order.url}/orders/${encodeURIComponent(orderId)}`)
    if (!response.ok) continue
    const { status } = (await response.json()) as { status: string }
    states.set(orderId, status)
  }
  return states
}

async function stockOf(stage: Stage): Promise<Map<string, number>> {
  const response = await fetch(`${stage.inventory.url}/stock`)
  const { items } = (await response.json()) as { items: { sku: string; quantity: number }[] }
  return new Map(items.map(({ sku, quantity }) => [sku, quantity]))
}

/** Events are counted by their headers and key; records that are none (poison) have no id. */
async function loggedEvents({ admin, beginning }: Stage): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  for (const topic of readers.keys()) {
    for (const { headers, key } of await recordsSince(admin, topic, beginning)) {
      const id = headerText(headers, headerNames.id)
      const type = headerText(headers, headerNames.type)
      if (id !== null && type !== null) events.push({ id, type, orderId: key?.toString() ?? '' })
    }
  }
  return events
}

async function deadLetters({ admin, beginning }: Stage): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for (const { group, topic } of deadLetterTopics()) {
    for (const { headers, value } of await recordsSince(admin, topic, beginning)) {
      letters.push({
        group,
        value,
        reason: headerText(headers, provenanceHeaderNames.reason) ?? 'no reason given',
        traceId: headerText(headers, provenanceHeaderNames.traceparent)?.split('-')[1] ?? null,
      })
    }
  }
  return letters
}
