/** Which partition a key belongs to, exactly as Kafka's Java producer decides it, so that producers in any language keep a key together. */

const seed = 0x9747b28c
const multiplier = 0x5bd1e995
const rotation = 24

/** Kafka's murmur2: the 32-bit hash of MurmurHash 2.0 with Kafka's seed, as a signed integer. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = seed ^ length
  const wholeWords = length & ~3
  for (let i = 0; i < wholeWords; i += 4) {
    let word =
      byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24)
    word = Math.imul(word, multiplier)
    word = Math.imul(word ^ (word >>> rotation), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  const rest = length - wholeWords
  if (rest === 3) hash ^= byteAt(bytes, wholeWords + 2) << 16
  if (rest >= 2) hash ^= byteAt(bytes, wholeWords + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(bytes, wholeWords), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition of a key in a topic of `partitions` partitions. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

// Reads are within bounds everywhere above; the fallback is what the type checker asks for and costs nothing measurable.
function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}
