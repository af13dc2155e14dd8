/**
 * What handlers make of an event: most succeed, 3 % fail at the first attempt in a process, 1 % fail always and end in the dead-letter topic. It follows from
 * the event's number alone, so that the oracle knows it without asking anybody.
 */
export type Fate = 'succeeds' | 'fails-once' | 'dead-letter'

export function fateOf(stream: string, seq: number): Fate {
  const lot = hash(`${stream}/${seq}`) % 100
  if (lot === 0) return 'dead-letter'
  return lot <= 3 ? 'fails-once' : 'succeeds'
}

/** FNV-1a, and a last mixing: its low digits alone are too regular for consecutive numbers. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  return (state ^ (state >>> 13)) >>> 0
}
