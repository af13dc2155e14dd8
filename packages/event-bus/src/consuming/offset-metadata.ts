/** What stands in a commit's metadata, for people and tools. The engine itself reads it in `start-position.ts`. */
import { decodeOffsetMap, type OffsetRange } from './offset-map.ts'

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
  /** Settled or not on the log, in ascending order. */
  readonly settled: readonly OffsetRange[]
  /** Not settled, and below something that is, in ascending order. */
  readonly unsettled: readonly OffsetRange[]
  /** From it on, everything is unsettled. */
  readonly boundary: bigint
}

const ownFormat = /^(?<format>tributary-[a-z])\.(?<base>\d{1,19})\./

/** @param nextOffset the committed offset that the metadata stands beside. */
export function describeOffsetMetadata(metadata: string, nextOffset: bigint): OffsetMetadata {
  if (metadata === '') return { kind: 'none' }
  const { format, base } = ownFormat.exec(metadata)?.groups ?? {}
  const settled = decodeOffsetMap(metadata, nextOffset)
  if (format === undefined || base === undefined || settled === null) return { kind: 'foreign' }
  if (BigInt(base) !== nextOffset) return { kind: 'void', writtenFor: BigInt(base) }
  const unsettled = settled.map(({ from }, index) => ({ from: settled[index - 1]?.to ?? nextOffset, to: from }))
  return { kind: 'offset-map', format, settled, unsettled, boundary: settled.at(-1)?.to ?? nextOffset }
}
