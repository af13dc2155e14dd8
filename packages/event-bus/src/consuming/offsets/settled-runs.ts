import { readVarints } from './map-varints.ts'
import type { OffsetMap, UnsettledEntry } from './offset-map.ts'

/**
 * Reads the format before the present one, `tributary-a`: the lengths of unsettled and settled runs in turn. A group that is being upgraded has commits of
 * both.
 *
 * @returns null when it cannot be read
 */
export function decodeSettledRuns(bytes: Buffer, base: bigint): OffsetMap | null {
  const reader = readVarints(bytes)
  const unsettled: UnsettledEntry[] = []
  let boundary = base
  while (!reader.isAtEnd) {
    const unsettledLength = reader.next()
    const settledLength = reader.next()
    if (unsettledLength === null || settledLength === null) return null
    const to = boundary + unsettledLength
    if (to > boundary) unsettled.push({ kind: 'run', from: boundary, to })
    boundary = to + settledLength
  }
  return { boundary, unsettled }
}
