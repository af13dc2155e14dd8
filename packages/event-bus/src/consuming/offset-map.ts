/**
 * What is settled beyond the committed offset, written into the commit's metadata, so that neither a restart nor a rebalance runs it again. It loses
 * nothing when it is cut or missing: what it does not say is run again.
 */

/** Offsets from `from` to before `to`, all of them settled or not on the log. */
export interface OffsetRange {
  readonly from: bigint
  readonly to: bigint
}

export interface EncodedOffsetMap {
  readonly metadata: string
  /** How much of the room is taken, from 0 to 1. Above 1 never: what does not fit is left out. */
  readonly fill: number
}

/** Kafka's `offset.metadata.max.bytes` unless somebody changed it. */
const MAX_METADATA_BYTES = 4_096

/** Names the format; another one would get another letter. */
const PREFIX = 'tributary-a'

/**
 * `tributary-a.<base>.<runs>`: the committed offset that it belongs to, and in base64url the lengths of unsettled and settled runs from there on, in turn, each as a
 * little-endian base-128 number.
 *
 * @param ranges in ascending order, apart from each other, beyond `base`
 */
export function encodeOffsetMap(base: bigint, ranges: Iterable<OffsetRange>): EncodedOffsetMap {
  const prefix = `${PREFIX}.${base}.`
  const room = Math.floor(((MAX_METADATA_BYTES - prefix.length) * 3) / 4)
  const bytes: number[] = []
  let position = base
  for (const { from, to } of ranges) {
    const run = [...lengthBytes(from - position), ...lengthBytes(to - from)]
    if (bytes.length + run.length > room)
      return { metadata: prefix + Buffer.from(bytes).toString('base64url'), fill: 1 }
    bytes.push(...run)
    position = to
  }
  if (bytes.length === 0) return { metadata: '', fill: 0 }
  return { metadata: prefix + Buffer.from(bytes).toString('base64url'), fill: bytes.length / room }
}

/**
 * The ranges that `metadata` names; none when it belongs to another offset than `base`, as after a reset by a tool. Null when it is not ours, or cannot be
 * read.
 */
export function decodeOffsetMap(metadata: string, base: bigint): OffsetRange[] | null {
  if (metadata === '') return []
  const [prefix, writtenBase, runs, ...more] = metadata.split('.')
  if (prefix !== PREFIX || writtenBase === undefined || runs === undefined || more.length > 0) return null
  if (writtenBase !== String(base)) return []
  const lengths = readLengths(Buffer.from(runs, 'base64url'))
  if (lengths === null || lengths.length % 2 !== 0) return null
  const ranges: OffsetRange[] = []
  let position = base
  for (let index = 0; index < lengths.length; index += 2) {
    const from = position + (lengths[index] ?? 0n)
    position = from + (lengths[index + 1] ?? 0n)
    ranges.push({ from, to: position })
  }
  return ranges
}

function lengthBytes(length: bigint): number[] {
  const bytes: number[] = []
  let rest = length
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return bytes
}

/** Null when the last number is cut off. */
function readLengths(bytes: Buffer): bigint[] | null {
  const lengths: bigint[] = []
  let length = 0n
  let shift = 0n
  for (const byte of bytes) {
    length |= BigInt(byte & 127) << shift
    shift += 7n
    if (byte < 128) {
      lengths.push(length)
      length = 0n
      shift = 0n
    }
  }
  return shift === 0n ? lengths : null
}
