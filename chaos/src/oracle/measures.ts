import type { FaultKind } from '../faults/plan.ts'
import type { StruckFault } from '../faults/strike.ts'
import { type Evidence, type Execution, placeOf } from './evidence.ts'
import { isStale } from './order.ts'

export interface FaultMeasure {
  readonly kind: FaultKind | 'none'
  readonly times: number
  /** Successes of records that had been handled before. */
  readonly duplicates: number
  /** The longest time in which no record was handled anywhere, in milliseconds. */
  readonly longestGapMs: number
}

export interface Measures {
  readonly handled: number
  readonly duplicates: number
  /** Records that lie in the dead-letter topic more than once. */
  readonly deadLetterDuplicates: number
  /** Executions of frozen processes that had lost their partitions without knowing. */
  readonly stale: number
  /** Those of them that began after the freeze. */
  readonly staleStarts: number
  /** Executions that were in flight in partitions when these were given up, over the whole play. */
  readonly inFlightWhenMoved: number
  readonly moves: number
  readonly commits: Readonly<Record<string, number>>
  readonly longestGapMs: number
  readonly longestPartitionGapMs: number
  readonly faults: readonly FaultMeasure[]
}

/** Service is restored some time after what was broken has been mended: a gap that begins so many milliseconds after a fault is still its own. */
const AFTERMATH_MS = 10_000

export function measure(evidence: Evidence): Measures {
  const { executions, deadLetters, commits, epochs, faults } = evidence
  const successes = executions.filter(({ end }) => end === 'success').sort((a, b) => a.to - b.to)
  const duplicates = repeated(successes)
  const gaps = gapsBetween(
    successes.map(({ to }) => to),
    evidence.served,
  )
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort()
  const causes = duplicates.map((duplicate) => causeOf(duplicate, faults))
  const stale = executions.filter(isStale)
  const moved = epochs.filter(({ revokingAt }) => revokingAt !== null)
  return {
    handled: new Set(successes.map(placeOf)).size,
    duplicates: duplicates.length,
    deadLetterDuplicates: deadLetters.length - new Set(deadLetters.map(placeOf)).size,
    stale: stale.length,
    staleStarts: stale.filter(({ from, epoch }) => from > (epoch.frozenAt ?? 0)).length,
    inFlightWhenMoved: executions.filter(({ epoch, from, to }) => {
      const at = epoch.revokingAt
      return at !== null && from <= at && to > at
    }).length,
    moves: moved.length,
    commits: Object.fromEntries(
      Array.from(
        Map.groupBy(commits, ({ outcome }) => outcome),
        ([outcome, list]) => [outcome, list.length],
      ),
    ),
    longestGapMs: longest(gaps),
    longestPartitionGapMs: longestPartitionGap(successes, evidence),
    faults: [...kinds, 'none' as const].map((kind) => {
      const own = faults.filter((fault) => fault.kind === kind)
      return {
        kind,
        times: own.length,
        duplicates: causes.filter((cause) => cause === kind).length,
        longestGapMs: longest(
          gaps.filter((gap) =>
            own.some(({ struckAt, overAt }) => gap.from < overAt + AFTERMATH_MS && gap.to > struckAt),
          ),
        ),
      }
    }),
  }
}

/** A success of a record that had been handled before, with the one before. */
interface Duplicate {
  readonly first: Execution
  readonly again: Execution
}

function repeated(successes: readonly Execution[]): Duplicate[] {
  const seen = new Map<string, Execution>()
  return successes.flatMap((again) => {
    const place = placeOf(again)
    const first = seen.get(place)
    seen.set(place, again)
    return first === undefined ? [] : [{ first, again }]
  })
}

/** What may end an epoch in which nobody froze the process and after which it lives on, most likely first. */
const disconnecting: readonly FaultKind[] = [
  'broker killed',
  'line silent',
  'answers lost',
  'line slow',
  'connections cut',
]

/**
 * A record runs again because the epoch in which it was settled ended before that was committed. So its cause is what ended that epoch: the end or the freeze
 * of the process, or else the likeliest fault of the network that was under way.
 */
function causeOf({ first: { epoch } }: Duplicate, faults: readonly StruckFault[]): FaultKind | 'none' {
  const underWay = faults.filter(({ struckAt, overAt }) => struckAt <= epoch.to && epoch.to <= overAt + AFTERMATH_MS)
  const ofMember = underWay.findLast(({ kind, target }) => kind.startsWith('member') && isMember(epoch.life, target))
  if (ofMember !== undefined && (epoch.end === 'process' || epoch.frozenAt !== null)) return ofMember.kind
  return disconnecting.find((kind) => underWay.some((fault) => fault.kind === kind)) ?? ofMember?.kind ?? 'none'
}

const isMember = (life: string, member: number): boolean => life.startsWith(`member-${member}.`)

interface Gap {
  readonly from: number
  readonly to: number
}

/** Between moments, and at both ends of the time that is looked at. */
function gapsBetween(moments: readonly number[], { from, to }: Gap): Gap[] {
  const within = moments.filter((moment) => moment > from && moment < to)
  return [from, ...within].map((moment, index) => ({ from: moment, to: within[index] ?? to }))
}

const longest = (gaps: readonly Gap[]): number => Math.round(Math.max(0, ...gaps.map(({ from, to }) => to - from)))

function longestPartitionGap(successes: readonly Execution[], { served }: Evidence): number {
  const byPartition = Map.groupBy(successes, ({ partition }) => partition)
  return Math.max(
    0,
    ...Array.from(byPartition.values(), (own) =>
      longest(
        gapsBetween(
          own.map(({ to }) => to),
          served,
        ),
      ),
    ),
  )
}
