import { defineEvent } from '@tributary/event-bus'

/** An event that can be missed: each stream counts its own. The stream is the key. */
export const numbered = defineEvent({
  type: 'numbered',
  topic: 'numbers',
  key: ({ stream }) => stream,
  schema: {
    type: 'record',
    name: 'Numbered',
    namespace: 'chaos',
    fields: [
      { name: 'stream', type: 'string' },
      { name: 'seq', type: 'int' },
    ],
  },
})

/** The event's id: what is on the log can then be told without decoding it. */
export const idOf = (stream: string, seq: number): string => `${stream}/${seq}`
