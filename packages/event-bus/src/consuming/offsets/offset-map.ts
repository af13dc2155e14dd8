import { crc32 } from 'node:zlib'
import { readVarints, varintBytes } from './map-varints.ts'
import { decodeSettledRuns } from './settled-runs.ts'

/**
 * What is settled beyond the committed offset, written into the commit's metadata, so that neither a restart nor a rebalance runs it again. It loses
 * nothing when it is cut or missing: what it does not say is run again.
 *
 * It names what is *unsettled* below a boundary. In a lane everything from its first unsettled record on is unsettled, so a waiting key takes one entry, however
 * many followers it has.
 */
export interface OffsetMap {
  /** Below it, what `unsettled` does not name is settled or not on the log; from it on, everything is unsettled. */
  readonly boundary: bigint
  /** In ascending order of `from`. */
  readonly unsettled: readonly UnsettledEntry[]
}

export type UnsettledEntry =
  /** Offsets from `from` to before `to`. */
  | { readonly kind: 'run'; readonly from: bigint; readonly to: bigint }
  /** Records at `from` or beyond whose key has this hash. */
  | { readonly kind: 'lane'; readonly from: bigint; readonly keyHash: number }

export interface EncodedOffsetMap {
  readonly metadata: string
  /** How much of the room is taken, from 0 to 1. Above 1 never: where something does not fit, the boundary is set before it. */
  readonly fill: number
}

/** Kafka's `offset.metadata.max.bytes` unless somebody changed it. */
const MAX_METADATA_BYTES = 4_096

/** Names the format; another one would get another letter. */
const PREFIX = 'tributary-b'

/** What follows the number that an entry starts with: nothing (one offset), the length of a run, or a hash. */
const kinds = { offset: 0n, run: 1n, lane: 2n } as const
const KIND_BITS = 2n
const KIND_MASK = 3n
const HASH_BYTES = 4

/**
 * The hash that stands for a key. Two keys with one hash cost duplicates and never a loss: settled records of the one run again if they lie beyond the first
 * unsettled one of the other. 32 bits, because with 500 waiting keys before 3,600,000 settled records that is one record in two restarts; with
 * 24 bits it would be a hundred in each, for a fifth more keys in the map. Not the hash that chose the partition: that one has fewer bits left
 * among the keys of one partition.
 */
export function keyHashOf(key: Buffer): number {
  return crc32(key)
}

/**
 * `tributary-b.<base>.<bytes>`: the committed offset that it belongs to, and in base64url the boundary and the entries: each as its distance from the end of
 * the one before (shifted left by two bits, with the kind in them), then the length of a run or the hash of a lane. Numbers are little-endian base-128.
 */
export function encodeOffsetMap(base: bigint, { boundary, unsettled }: OffsetMap): EncodedOffsetMap {
  if (boundary <= base) return { metadata: '', fill: 0 }
  const prefix = `${PREFIX}.${base}.`
  const room = Math.floor(((MAX_METADATA_BYTES - prefix.length) * 3) / 4) - varintBytes(boundary - base).length
  const bytes: number[] = []
  let position = base
  for (const entry of unsettled) {
    const encoded = entryBytes(entry, position)
    if (bytes.length + encoded.length > room) return { metadata: joined(prefix, entry.from - base, bytes), fill: 1 }
    bytes.push(...encoded)
    position = entry.kind === 'run' ? entry.to : entry.from
  }
  return { metadata: joined(prefix, boundary - base, bytes), fill: bytes.length / room }
}

/**
 * What `metadata` says; nothing settled when it belongs to another offset than `base`, as after a reset by a tool. Null when it is not ours, or cannot be
 * read.
 */
export function decodeOffsetMap(metadata: string, base: bigint): OffsetMap | null {
  if (metadata === '') return nothingSettled(base)
  const [prefix, writtenBase, encoded, ...more] = metadata.split('.')
  if (writtenBase === undefined || encoded === undefined || more.length > 0) return null
  const isOlder = prefix === 'tributary-a'
  if (prefix !== PREFIX && !isOlder) return null
  if (writtenBase !== String(base)) return nothingSettled(base)
  const bytes = Buffer.from(encoded, 'base64url')
  return isOlder ? decodeSettledRuns(bytes, base) : decodeEntries(bytes, base)
}

export function nothingSettled(base: bigint): OffsetMap {
  return { boundary: base, unsettled: [] }
}

function joined(prefix: string, length: bigint, entries: readonly number[]): string {
  return prefix + Buffer.from([...varintBytes(length), ...entries]).toString('base64url')
}

function entryBytes(entry: UnsettledEntry, position: bigint): number[] {
  const distance = (entry.from - position) << KIND_BITS
  if (entry.kind === 'lane') {
    const hash = Buffer.alloc(HASH_BYTES)
    hash.writeUInt32LE(entry.keyHash)
    return [...varintBytes(distance | kinds.lane), ...hash]
  }
  const length = entry.to - entry.from
  if (length === 1n) return varintBytes(distance | kinds.offset)
  return [...varintBytes(distance | kinds.run), ...varintBytes(length)]
}

function decodeEntries(bytes: Buffer, base: bigint): OffsetMap | null {
  const unsettled: UnsettledEntry[] = []
  const reader = readVarints(bytes)
  const length = reader.next()
  if (length === null) return null
  let position = base
  while (!reader.isAtEnd) {
    const start = reader.next()
    if (start === null) return null
    const from = position + (start >> KIND_BITS)
    const kind = start & KIND_MASK
    position = from
    if (kind === kinds.lane) {
      const hash = reader.take(HASH_BYTES)
      if (hash === null) return null
      unsettled.push({ kind: 'lane', from, keyHash: hash.readUInt32LE() })
    } else if (kind === kinds.offset || kind === kinds.run) {
      const offsets = kind === kinds.offset ? 1n : reader.next()
      if (offsets === null) return null
      position = from + offsets
      unsettled.push({ kind: 'run', from, to: position })
    } else {
      return null
    }
  }
  return { boundary: base + length, unsettled }
}
