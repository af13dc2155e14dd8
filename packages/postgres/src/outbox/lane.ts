import { hash, randomBytes } from 'node:crypto'

/**
 * The lane that a row travels in: 64 bits of a hash over topic and key, as a decimal string for a `bigint` column. Rows of one lane keep their order. Two
 * keys that share a lane by chance only wait for each other; a row without a key has a lane of its own, because no order is promised for it.
 */
export function laneOf(topic: string, key: Buffer | null): string {
  const bits = key === null ? randomBytes(8) : hash('sha1', Buffer.concat([Buffer.from(`${topic}\0`), key]), 'buffer')
  return bits.readBigInt64BE(0).toString()
}
