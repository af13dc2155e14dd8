import {
  type BatchRegistration,
  type EventEnvelope,
  type HandlerContext,
  type HandlerRegistration,
  isOfBatches,
  isSkip,
} from '@tributary/event-bus'
import type { DeliveryFact, DeliveryOutcome } from './delivery-fact.ts'

type Tell = (fact: DeliveryFact) => void

/** The same handler; `tell` hears of each event what became of it. */
export function watchedHandler<R extends HandlerRegistration | BatchRegistration>(registration: R, tell: Tell): R
export function watchedHandler(
  registration: HandlerRegistration | BatchRegistration,
  tell: Tell,
): HandlerRegistration | BatchRegistration {
  return isOfBatches(registration) ? watchedBatches(registration, tell) : watched(registration, tell)
}

function watched(registration: HandlerRegistration, tell: Tell): HandlerRegistration {
  return {
    event: registration.event,
    handle: (event, context) =>
      heard(
        () => registration.handle(event, context),
        (result) => tell(returnedFact(event, context, result)),
        (error) => tell(threwFact(event, context, error)),
      ),
  }
}

function watchedBatches(registration: BatchRegistration, tell: Tell): BatchRegistration {
  return {
    ...registration,
    handleBatch: (events, context) =>
      heard(
        () => registration.handleBatch(events, context),
        (result) => {
          for (const [index, event] of events.entries()) {
            tell(returnedFact(event, context.for(event), Array.isArray(result) ? result[index] : result))
          }
        },
        (error) => {
          for (const event of events) tell(threwFact(event, context.for(event), error))
        },
      ),
  }
}

/** A synchronous handler stays one: the spy changes nothing about when it is settled. */
function heard(
  handle: () => unknown,
  onReturned: (result: unknown) => void,
  onThrew: (error: unknown) => void,
): unknown {
  const returned = (result: unknown): unknown => {
    onReturned(result)
    return result
  }
  const threw = (error: unknown): never => {
    onThrew(error)
    throw error
  }
  let result: unknown
  try {
    result = handle()
  } catch (error) {
    return threw(error)
  }
  return result instanceof Promise ? result.then(returned, threw) : returned(result)
}

function returnedFact(event: EventEnvelope, context: HandlerContext, result: unknown): DeliveryFact {
  if (result instanceof Error) return threwFact(event, context, result)
  return isSkip(result) ? fact(event, context, 'skipped', result.reason) : fact(event, context, 'handled', null)
}

function threwFact(event: EventEnvelope, context: HandlerContext, error: unknown): DeliveryFact {
  return fact(event, context, 'failed', error instanceof Error ? error.message : String(error))
}

function fact(
  event: EventEnvelope,
  { group, attempt }: HandlerContext,
  outcome: DeliveryOutcome,
  reason: string | null,
): DeliveryFact {
  const { id, type, key, origin } = event
  return { outcome, group, topic: origin.topic, id, type, key, attempts: attempt, reason, event, record: null }
}
