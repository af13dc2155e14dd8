/**
 * I2, from outside: executions of a key are ascending runs, each starting at a committed position, and no two executions of a key overlap, across members and
 * attempts, for handlers that obey their signal. In the terms of the journals, for every stream:
 *
 * 1. An execution starts only within an epoch of its process for that partition, and not below the position at which the epoch began.
 * 2. Within an epoch offsets do not go back, and an offset comes again only as a later attempt.
 * 3. When an execution starts, every earlier record of the stream has been done with: handled, or failed for the last time and dead-lettered. (So a run that
 *    starts anew, in a later epoch, may repeat, but never skips.)
 * 4. No execution starts before every execution that started earlier has ended.
 *
 * A frozen process (SIGSTOP) can promise less. It cannot obey a signal while it is frozen, and that its partitions are somebody else's it learns only after it
 * is thawed: at once, by its own clock. Its executions from the freeze to that moment are _stale_: executions of an epoch that was lost in the freeze, or within
 * two seconds of its end, that had not ended when it began, those that began right after the thaw among them. Nothing they do can be committed, and what
 * they write is fenced from the moment at which the process knows. Rules 3 and 4 do not count them; rules 1 and 2 hold for them as well. They are reported. A
 * process that keeps its partitions over a freeze, or loses them later, has no stale executions: it is held to everything.
 */
import { type Check, type Epoch, type Evidence, type Execution, placeOf, some, streamOf } from './evidence.ts'
import { settledAt } from './settled.ts'

export function isStale({ epoch, to }: Execution): boolean {
  return epoch.end === 'lost' && epoch.frozenAt !== null && to > epoch.frozenAt
}

export function orderCheck(evidence: Evidence, ownerless: readonly string[]): Check {
  const { log, executions } = evidence
  // What only a stale execution has done is not done: somebody else has to do it again.
  const settled = settledAt({ ...evidence, executions: executions.filter((each) => !isStale(each)) })
  const records = Map.groupBy(log, ({ id }) => streamOf(id))
  const faults = ownerless.map((what) => `${what} without owning the partition`)
  for (const [stream, runs] of Map.groupBy(executions, ({ id }) => streamOf(id))) {
    const offsets = (records.get(stream) ?? []).map(({ offset }) => offset).sort((a, b) => a - b)
    faults.push(...backSteps(runs), ...overlaps(runs), ...skips(runs, offsets, settled))
  }
  return {
    name: 'executions of a key are ascending runs, one at a time',
    holds: faults.length === 0,
    detail: `${executions.length} executions of ${records.size} keys, ${faults.length} out of order${some(faults)}`,
  }
}

/** Rules 1 and 2. */
function backSteps(runs: readonly Execution[]): string[] {
  const faults: string[] = []
  const last = new Map<Epoch, Execution>()
  for (const run of runs) {
    const before = last.get(run.epoch)
    if (run.offset < run.epoch.position)
      faults.push(`${told(run)} lies before the start of its epoch, ${run.epoch.position}`)
    if (before !== undefined) {
      const goesOn = run.offset > before.offset || (run.offset === before.offset && run.attempt > before.attempt)
      if (!goesOn) faults.push(`${told(run)} came after ${told(before)}`)
    }
    last.set(run.epoch, run)
  }
  return faults
}

/** Rule 4. */
function overlaps(runs: readonly Execution[]): string[] {
  const faults: string[] = []
  let latest: Execution | undefined
  for (const run of runs) {
    if (isStale(run)) continue
    if (latest !== undefined && run.from < latest.to)
      faults.push(`${told(run)} began ${Math.ceil(latest.to - run.from)} ms before the end of ${told(latest)}`)
    if (latest === undefined || run.to > latest.to) latest = run
  }
  return faults
}

/** Rule 3. */
function skips(runs: readonly Execution[], offsets: readonly number[], settled: ReadonlyMap<string, number>): string[] {
  const faults: string[] = []
  for (const run of runs) {
    if (isStale(run)) continue
    // The one right before is enough: it was held to the same.
    const before = offsets[offsets.indexOf(run.offset) - 1]
    if (before === undefined) continue
    const doneAt = settled.get(placeOf({ partition: run.partition, offset: before }))
    if (doneAt === undefined || doneAt > run.from) faults.push(`${told(run)} began before ${before} was done with`)
  }
  return faults
}

const told = ({ epoch, partition, offset, attempt }: Execution): string =>
  `${partition}/${offset} (${epoch.life}, attempt ${attempt})`
