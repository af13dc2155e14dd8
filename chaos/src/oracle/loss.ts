import { fateOf } from '../programs/fate.ts'
import { type Check, type Evidence, placeOf, seqOf, some, streamOf } from './evidence.ts'
import { settledAt } from './settled.ts'

/** I1: nothing on the log is passed over, at any moment. */
export function lossChecks(evidence: Evidence): Check[] {
  const { log, deadLetters, uncommitted } = evidence
  const settled = settledAt(evidence)
  const dead = new Set(deadLetters.map(placeOf))
  const lost = log.filter((record) => !settled.has(placeOf(record)))
  const fated = log.filter(({ id }) => fateOf(streamOf(id), seqOf(id)) === 'dead-letter')
  const spared = fated.filter((record) => !dead.has(placeOf(record)))
  const fatedPlaces = new Set(fated.map(placeOf))
  const wronged = [...dead].filter((place) => !fatedPlaces.has(place))
  return [
    {
      name: 'every record on the log was handled or dead-lettered',
      holds: lost.length === 0,
      detail: `${log.length} on the log, ${lost.length} lost${some(lost.map((record) => `${record.id} at ${placeOf(record)}`))}`,
    },
    {
      name: 'the dead-letter topic holds what always fails, and nothing else',
      holds: spared.length === 0 && wronged.length === 0,
      detail: `${dead.size} of ${fated.length}${some([...spared.map(placeOf), ...wronged])}`,
    },
    committedTooFar(evidence, settled),
    {
      name: 'the group committed the whole log in the end',
      holds: uncommitted === 0n,
      detail: `${uncommitted} records behind`,
    },
  ]
}

/** The invariant at every single commit: whatever lies below what the coordinator stored had been done with when it answered. */
function committedTooFar({ log, commits, epochs }: Evidence, settled: ReadonlyMap<string, number>): Check {
  const stored = commits.filter(({ outcome }) => outcome === 'committed')
  const faults: string[] = []
  for (const [partition, records] of Map.groupBy(log, (record) => record.partition)) {
    const inOrder = records.toSorted((a, b) => a.offset - b.offset)
    // doneBy[n]: when the first n records of the partition had all been done with.
    const doneBy = [0]
    for (const record of inOrder)
      doneBy.push(Math.max(doneBy.at(-1) ?? 0, settled.get(placeOf(record)) ?? Number.POSITIVE_INFINITY))
    for (const { at, nextOffset } of stored.filter((each) => each.partition === partition)) {
      if ((doneBy[countBelow(inOrder, nextOffset)] ?? 0) > at)
        faults.push(`${partition}/${nextOffset} was committed too early`)
    }
    // A process that was frozen between asking where to begin and beginning may begin too early, until it sees that it has lost the partition: it commits nothing.
    const starts = epochs.filter(
      (each) => each.partition === partition && !(each.end === 'lost' && each.frozenAt !== null),
    )
    for (const { from, position, life } of starts) {
      const before = stored.filter((each) => each.partition === partition && each.at < from)
      const highest = Math.max(0, ...before.map(({ nextOffset }) => nextOffset))
      if (position < highest) faults.push(`${life} began ${partition} at ${position}, after ${highest} was committed`)
    }
  }
  return {
    name: 'no commit ran ahead of what was settled, and none went back',
    holds: faults.length === 0,
    detail: `${stored.length} commits${some(faults)}`,
  }
}

/** How many of the records, which are in order, lie below an offset. */
function countBelow(records: readonly { offset: number }[], offset: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle]?.offset ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}
