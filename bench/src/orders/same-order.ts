import { isDeepStrictEqual } from 'node:util'
import { orderOf, textOf } from './order.ts'

/** Whether what arrived is what was sent: text, bytes of it, or the decoded order. */
export function isSameOrder(sequence: number, key: number, content: unknown): boolean {
  if (typeof content === 'string') return content === textOf(sequence)
  if (Buffer.isBuffer(content)) return content.equals(Buffer.from(textOf(sequence), 'latin1'))
  return isDeepStrictEqual(structuredClone(content), orderOf(sequence, key))
}
