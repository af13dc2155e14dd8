import { defineEvent, type RecordOnLog } from '@tributary/event-bus'
import { published } from '../../src/simulation/published.ts'

const fields = [
  { name: 'key', type: 'string' },
  { name: 'n', type: 'int' },
] as const

export const SOURCE = 'orders'
export const EFFECTS = 'effects'

const named = (name: string) => ({ type: 'record', name, namespace: 'simulation', fields }) as const

/** What the engine's own scenarios are made of. The record's number says how it is to be treated. */
export const placed = defineEvent({
  type: 'order.placed',
  topic: SOURCE,
  key: ({ key }) => key,
  schema: named('Placed'),
})
/** Of the same keys, and treated in another way. */
export const changed = defineEvent({
  type: 'order.changed',
  topic: SOURCE,
  key: ({ key }) => key,
  schema: named('Changed'),
})
/** No handler is for it. */
export const noticed = defineEvent({
  type: 'order.noticed',
  topic: SOURCE,
  key: ({ key }) => key,
  schema: named('Noticed'),
})
/** What handlers publish. */
export const effect = defineEvent({
  type: 'order.effect',
  topic: EFFECTS,
  key: ({ key }) => key,
  schema: named('Effect'),
})

export function recordOf(
  definition: typeof placed | typeof changed | typeof noticed,
  key: string | null,
  n: number,
): RecordOnLog {
  const event = published(definition as typeof placed, { key: key ?? '', n }).encode(`id-${n}`)
  const record = { value: event.value, headers: event.headers, timestamp: event.timestamp.getTime() }
  return { ...record, key: key === null ? null : event.key }
}

/** Bytes that no schema fits. */
export function poison(key: string | null, n: number): RecordOnLog {
  const { headers, timestamp } = recordOf(placed, key, n)
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from([0xc3, 0x01, n]), headers, timestamp }
}
