import { byOffset, type InheritedOffsets } from './inherited-offsets.ts'
import { keyHashOf, nothingSettled, type OffsetMap, type UnsettledEntry } from './offset-map.ts'
import type { OffsetTracker } from './offset-tracker.ts'

/** A lane with fewer unsettled records is shorter as their offsets. */
const LANE_ENTRY_FROM = 3

interface WaitingLane {
  from: bigint
  count: number
}

/**
 * What the next commit says of one partition: every record that is unsettled below the boundary is named, by its offset or by its lane, and so is what an earlier
 * epoch left unsettled where this one has not come yet.
 *
 * @param parkedLanes lanes that keep followers as tickets, with the offset of their first; only lanes of one key each
 */
export function waitingMapOf(
  tracker: OffsetTracker,
  parkedLanes: Iterable<readonly [laneKey: string, firstOffset: bigint]>,
  inherited: InheritedOffsets | null,
): OffsetMap {
  const isAhead = inherited !== null && inherited.boundary > tracker.position
  const boundary = isAhead ? inherited.boundary : tracker.settledBoundary
  if (boundary <= tracker.nextOffset) return nothingSettled(tracker.nextOffset)

  const lanes = new Map<string, WaitingLane>()
  tracker.visitUnsettled(boundary, (offset, laneKey) => {
    if (laneKey === null) return
    const lane = lanes.get(laneKey)
    if (lane === undefined) lanes.set(laneKey, { from: offset, count: 1 })
    else lane.count += 1
  })
  for (const [laneKey, firstOffset] of parkedLanes) {
    if (firstOffset >= boundary) continue
    const inMemory = lanes.get(laneKey)
    const from = inMemory === undefined || firstOffset < inMemory.from ? firstOffset : inMemory.from
    lanes.set(laneKey, { from, count: LANE_ENTRY_FROM })
  }

  const unsettled: UnsettledEntry[] = singleOffsets(tracker, boundary, lanes)
  const hashes = new Set<number>()
  for (const [laneKey, { from, count }] of lanes) {
    if (count < LANE_ENTRY_FROM) continue
    const keyHash = keyHashOf(Buffer.from(laneKey, 'latin1'))
    hashes.add(keyHash)
    unsettled.push({ kind: 'lane', from, keyHash })
  }
  unsettled.sort(byOffset)
  if (!isAhead) return { boundary, unsettled }
  const carriedOn = inherited
    .unsettledFrom(tracker.position)
    .filter((entry) => entry.kind === 'run' || !hashes.has(entry.keyHash))
  return { boundary, unsettled: [...unsettled, ...carriedOn] }
}

/** Records of no lane, and of lanes that have too few for an entry of their own; neighbours as one run. */
function singleOffsets(
  tracker: OffsetTracker,
  boundary: bigint,
  lanes: ReadonlyMap<string, WaitingLane>,
): UnsettledEntry[] {
  const runs: { kind: 'run'; from: bigint; to: bigint }[] = []
  tracker.visitUnsettled(boundary, (offset, laneKey) => {
    if (laneKey !== null && (lanes.get(laneKey)?.count ?? 0) >= LANE_ENTRY_FROM) return
    const last = runs.at(-1)
    if (last !== undefined && last.to === offset) last.to = offset + 1n
    else runs.push({ kind: 'run', from: offset, to: offset + 1n })
  })
  return runs
}
