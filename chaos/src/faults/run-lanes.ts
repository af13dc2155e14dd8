import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '../journal/journal.ts'
import type { PlannedFault } from './plan.ts'
import { type Stage, type StruckFault, strike } from './strike.ts'

/** Strikes the faults of each lane one after the other, late where one took longer than planned, until `playMs` are over. Ends with everything mended. */
export async function runLanes(
  lanes: readonly (readonly PlannedFault[])[],
  playMs: number,
  stage: Stage,
): Promise<StruckFault[]> {
  const startedAt = monotonicMs()
  const struck: StruckFault[] = []
  const failed = new AbortController()
  const whole = { ...stage, signal: AbortSignal.any([stage.signal, failed.signal]) }
  const runLane = async (lane: readonly PlannedFault[]): Promise<void> => {
    for (const fault of lane) {
      const waitMs = Math.max(0, startedAt + fault.atMs - monotonicMs())
      await sleep(waitMs, undefined, { signal: whole.signal }).catch(() => {})
      if (whole.signal.aborted || monotonicMs() - startedAt >= playMs) return
      struck.push(await strike(fault, whole))
    }
  }
  // One lane that fails ends the others early, and all of them are waited for: a broker that is being restarted must be known to whoever ends it.
  const results = await Promise.allSettled(
    lanes.map((lane) =>
      runLane(lane).catch((error: unknown) => {
        failed.abort()
        throw error
      }),
    ),
  )
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
  stage.signal.throwIfAborted()
  const restMs = startedAt + playMs - monotonicMs()
  if (restMs > 0) await sleep(restMs, undefined, { signal: stage.signal })
  return struck.sort((a, b) => a.struckAt - b.struckAt)
}
