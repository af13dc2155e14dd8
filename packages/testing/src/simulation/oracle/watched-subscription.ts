import {
  type BatchRegistration,
  type HandlerRegistration,
  isOfBatches,
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
      // It may answer for each event.
      const outcomeOf: OutcomeOf = (value, index) => (Array.isArray(value) ? value[index] : value)
      return run(witness, executions, () => registration.handleBatch(events, context), outcomeOf)
    },
  }
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
    for (const [index, execution] of executions.entries()) {
      const outcome = outcomeOf(value, index)
      if (outcome instanceof Error) witness.threw(execution)
      else witness.returned(execution, outcome)
    }
  }
  let returned: unknown
  try {
    returned = handle()
  } catch (thrown) {
    for (const execution of executions) witness.threw(execution)
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
      for (const execution of executions) witness.threw(execution)
      throw thrown
    },
  )
}
