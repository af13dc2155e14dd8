/** What stands in a commit's metadata, for people and tools. The engine itself reads it in `start-position.ts`. */
import { decodeOffsetMap, type OffsetMap } from './offset-map.ts'

/** Offsets from `from` to before `to`. */
export interface OffsetRange {
  readonly from: bigint
  readonly to: bigint
}

/** A key that waits: its records from `from` on are unsettled. */
export interface WaitingKey {
  readonly from: bigint
  /** CRC-32 of the key; another key may share it. */
  readonly keyHash: number
}

/**
 * - `none`: everything from the committed offset on is unsettled.
 * - `offset-map`: what is settled beyond the committed offset; see there.
 * - `void`: an offset map that belongs to another committed offset, as after a reset by a tool. It is ignored.
 * - `foreign`: another program wrote it, or a newer version. It is ignored.
 */
export type OffsetMetadata =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'offset-map' } & OffsetMapSummary)
  | { readonly kind: 'void'; readonly writtenFor: bigint }
  | { readonly kind: 'foreign' }

export interface OffsetMapSummary {
  /** Names the format. */
  readonly format: string
  /** From it on, everything is unsettled. */
  readonly boundary: bigint
  /** Unsettled below the boundary, in ascending order. */
  readonly unsettled: readonly OffsetRange[]
  /** Unsettled below the boundary as well, each with its followers, in ascending order. */
  readonly waitingKeys: readonly WaitingKey[]
  /** What is left below the boundary, in ascending order: settled, not on the log, or a follower of a waiting key. */
  readonly settled: readonly OffsetRange[]
}

const ownFormat = /^(?<format>tributary-[a-z])\.(?<base>\d{1,19})\./

/** @param nextOffset the committed offset that the metadata stands beside. */
export function describeOffsetMetadata(metadata: string, nextOffset: bigint): OffsetMetadata {
  if (metadata === '') return { kind: 'none' }
  const { format, base } = ownFormat.exec(metadata)?.groups ?? {}
  const map = decodeOffsetMap(metadata, nextOffset)
  if (format === undefined || base === undefined || map === null) return { kind: 'foreign' }
  if (BigInt(base) !== nextOffset) return { kind: 'void', writtenFor: BigInt(base) }
  return {
    kind: 'offset-map',
    format,
    boundary: map.boundary,
    unsettled: map.unsettled.flatMap((entry) => (entry.kind === 'run' ? [{ from: entry.from, to: entry.to }] : [])),
    waitingKeys: map.unsettled.flatMap((entry) =>
      entry.kind === 'lane' ? [{ from: entry.from, keyHash: entry.keyHash }] : [],
    ),
    settled: between(map, nextOffset),
  }
}

function between({ boundary, unsettled }: OffsetMap, start: bigint): OffsetRange[] {
  const ranges: OffsetRange[] = []
  let position = start
  for (const entry of unsettled) {
    if (entry.from > position) ranges.push({ from: position, to: entry.from })
    const end = entry.kind === 'run' ? entry.to : entry.from + 1n
    if (end > position) position = end
  }
  if (position < boundary) ranges.push({ from: position, to: boundary })
  return ranges
}
