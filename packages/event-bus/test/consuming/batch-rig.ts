import { type BatchContext, type BatchOptions, handleBatch } from '../../src/consuming/definition/batch-handler.ts'
import type { SubscriptionOptions } from '../../src/consuming/definition/subscription-definition.ts'
import type { EventEnvelope } from '../../src/events/envelope.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { orderPlaced, type Rig, rig } from './rig.ts'

export type Placed = EventEnvelope<string, { readonly orderId: string; readonly n: number }>

/** A rig whose only handler is one of batches, with three attempts at each record. */
export function batchRig(
  options: BatchOptions,
  handler: (events: readonly Placed[], ctx: BatchContext) => unknown,
  more: Partial<SubscriptionOptions> = {},
): Rig {
  const onFailure = { inPlace: { attempts: 3, backoff: fixed(100) }, outage: false as const }
  return rig(() => {}, { on: [handleBatch(orderPlaced, options, handler)], onFailure, ...more })
}

export const numbersOf = (events: readonly Placed[]): number[] => events.map(({ data }) => data.n)
