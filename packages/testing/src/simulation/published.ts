import {
  type AnyEventDefinition,
  createEventBus,
  type EncodedEvent,
  type EncodeOptions,
  type EventInput,
} from '@tributary/event-bus'
import { inMemoryDriver } from '../memory/in-memory-driver.ts'

const encoder = createEventBus({ source: 'simulation', driver: inMemoryDriver() })

/** A fixed moment: what is on the log must not depend on when the simulation runs. */
const PUBLISHED_AT = new Date(Date.UTC(2026, 0, 1))

/** An event that arrives. Its id is given by the simulation, so that it is the same in each run. */
export interface Publication {
  readonly encode: (id: string) => EncodedEvent
}

/** An event as a publisher would have put it on its topic; data that does not fit the schema fails when the simulation starts. */
export function published<D extends AnyEventDefinition>(
  definition: D,
  data: EventInput<D>,
  options: Omit<EncodeOptions, 'id'> = {},
): Publication {
  return { encode: (id) => encoder.encode(definition, data, { timestamp: PUBLISHED_AT, ...options, id }) }
}
