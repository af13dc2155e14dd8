import {
  type BatchRegistration,
  type HandlerRegistration,
  isOfBatches,
  isSkip,
  type SubscriptionDefinition,
} from '@tributary/event-bus'
import type { Execution } from './execution.ts'
import type { ProcessWitness } from './process-witness.ts'

/** The same subscription with every run of its handlers seen by the oracle. Synchronous handlers stay synchronous. */
export function watchedSubscription(
  definition: SubscriptionDefinition,
  witness: ProcessWitness,
): SubscriptionDefinition {
  const on = definition.on.map((registration) =>
    isOfBatches(registration) ? watchedBatches(registration, witness) : watched(registration, witness),
  )
  return { ...definition, on }
}

function watched(registration: HandlerRegistration, witness: ProcessWitness): HandlerRegistration {
  return {
    event: registration.event,
    handle(event, context) {
      const executions = witness.started([event], context)
      return run(
        witness,
        executions,
        () => registration.handle(event, context),
        (value) => value,
      )
    },
  }
}

function watchedBatches(registration: BatchRegistration, witness: ProcessWitness): BatchRegistration {
  return {
    ...registration,
    handleBatch(events, context) {
      const executions = witness.started(events, context)
      return run(
        witness,
        executions,
        () => registration.handleBatch(events, context),
        (value, index) => outcomeInBatch(value, index, events.length),
      )
    },
  }
}

/** A batch handler may answer for each event. An answer that cannot be meant fails all. */
function outcomeInBatch(value: unknown, index: number, count: number): unknown {
  if (!Array.isArray(value)) return value
  const isMeant = value.every((outcome) => outcome === undefined || outcome instanceof Error || isSkip(outcome))
  return value.length === count && isMeant ? value[index] : new Error('the answer cannot be meant')
}

/** What a handler's answer says of one of its events. */
type OutcomeOf = (value: unknown, index: number) => unknown

function run(
  witness: ProcessWitness,
  executions: readonly Execution[],
  handle: () => unknown,
  outcomeOf: OutcomeOf,
): unknown {
  const tell = (value: unknown): void => {
    const failed = new Set<string>()
    for (const [index, execution] of executions.entries()) {
      const outcome = outcomeOf(value, index)
      const { lane } = execution
      if (outcome instanceof Error) {
        witness.threw(execution, outcome, lane !== null && failed.has(lane))
        if (lane !== null) failed.add(lane)
      } else if (lane !== null && failed.has(lane)) witness.behindFailed(execution)
      else witness.returned(execution, outcome)
    }
  }
  const tellThrown = (thrown: unknown): void => {
    for (const execution of executions) witness.threw(execution, thrown)
  }
  let returned: unknown
  try {
    returned = handle()
  } catch (thrown) {
    tellThrown(thrown)
    throw thrown
  }
  if (!(returned instanceof Promise)) {
    tell(returned)
    return returned
  }
  for (const execution of executions) witness.pending(execution)
  return returned.then(
    (value: unknown) => {
      tell(value)
      return value
    },
    (thrown: unknown) => {
      tellThrown(thrown)
      throw thrown
    },
  )
}
