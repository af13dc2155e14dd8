/** Which partition a key belongs to, exactly as Kafka's Java producer decides it, so that producers in any language keep a key together. */

const seed = 0x9747b28c
const multiplier = 0x5bd1e995
const rotation = 24

/** Kafka's murmur2: the 32-bit hash of MurmurHash 2.0 with Kafka's seed, as a signed integer. */
export function murmur2(bytes: Uint8Array, length: number = bytes.length): number {
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

/** The bytes of a short key that is text: hashed here, so that no Buffer is made for it. */
const scratch = Buffer.allocUnsafeSlow(384)

/** The partition of a key in a topic of `partitions` partitions. */
export function partitionOfKey(key: Uint8Array | string, partitions: number): number {
  return (hashOf(key) & 0x7fffffff) % partitions
}

function hashOf(key: Uint8Array | string): number {
  if (typeof key !== 'string') return murmur2(key)
  // UTF-8 has at most three bytes for each UTF-16 unit.
  return 3 * key.length <= scratch.length ? murmur2(scratch, scratch.write(key)) : murmur2(Buffer.from(key))
}

// Reads are within bounds everywhere above; the fallback is what the type checker asks for and costs nothing measurable.
function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}
