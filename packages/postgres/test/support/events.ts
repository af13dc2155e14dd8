import { randomUUID } from 'node:crypto'
import type { EncodedEvent } from '@tributary/event-bus'

/** An encoded event whose value says its place: `a:3` is the fourth of key a. */
export function encodedEvent(key: string | null, place: number): EncodedEvent {
  return {
    id: randomUUID(),
    type: 'thing.happened',
    topic: 'things',
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(`${key}:${place}`),
    headers: [
      ['traceparent', Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')],
      ['repeated', Buffer.from([0, 255])],
      ['repeated', null],
    ],
    timestamp: new Date('2026-11-20T10:00:00.123Z'),
  }
}
