import { SESSION_TIMEOUT_MS } from '../programs/settings.ts'
import { BROKERS } from '../stage/cluster.ts'
import { createRandom, type Random } from './random.ts'

export type FaultKind =
  | 'broker killed'
  | 'connections cut'
  | 'line slow'
  | 'line silent'
  | 'answers lost'
  | 'member killed'
  | 'member frozen briefly'
  | 'member frozen for long'
  | 'member restarted'
  | 'member joins'
  | 'member leaves'

/** A fault before it strikes. Faults of a lane strike one after the other; lanes run side by side. */
export interface PlannedFault {
  readonly kind: FaultKind
  /** Not before this, in milliseconds from the beginning of the play. */
  readonly atMs: number
  /** A broker or a member, from 1. */
  readonly target: number
  /** How long it lasts, in milliseconds, before what is broken is mended. */
  readonly forMs: number
}

export type Scenario = 'faults' | 'rebalance'

export interface PlanOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly playMs: number
  readonly members: number
}

interface Lane {
  readonly kinds: readonly FaultKind[]
  readonly targets: number
  /** Between the end of a fault and the next one, in milliseconds. */
  readonly rest: readonly [from: number, to: number]
}

/** How long each kind lasts, in milliseconds. */
const lasts: Record<FaultKind, readonly [from: number, to: number]> = {
  'broker killed': [3_000, 12_000],
  'connections cut': [0, 0],
  'line slow': [4_000, 10_000],
  'line silent': [2_000, 12_000],
  'answers lost': [1_000, 5_000],
  'member killed': [500, 5_000],
  // The last heartbeat may be an interval old: with it, the member comes back before its session has ended.
  'member frozen briefly': [500, SESSION_TIMEOUT_MS / 2],
  'member frozen for long': [SESSION_TIMEOUT_MS + 2_000, 2 * SESSION_TIMEOUT_MS],
  'member restarted': [0, 3_000],
  'member joins': [0, 0],
  'member leaves': [0, 0],
}

/** The seed decides what strikes when and whom; what the cluster makes of it is not repeatable to the millisecond. */
export function planFaults(options: PlanOptions): readonly (readonly PlannedFault[])[] {
  const random = createRandom(options.seed)
  if (options.scenario === 'rebalance') return [joinsAndLeaves(options, random)]
  const lanes: Lane[] = [
    // One broker at a time: with two of three away nothing can be written, and nothing is to be learned.
    { kinds: ['broker killed'], targets: BROKERS, rest: [12_000, 25_000] },
    {
      kinds: ['member killed', 'member frozen briefly', 'member frozen for long', 'member restarted'],
      targets: options.members,
      rest: [2_000, 7_000],
    },
    {
      kinds: ['connections cut', 'line slow', 'line silent', 'answers lost'],
      targets: BROKERS,
      rest: [3_000, 9_000],
    },
  ]
  return lanes.map((lane) => planLane(lane, options.playMs, random))
}

function planLane({ kinds, targets, rest }: Lane, playMs: number, random: Random): PlannedFault[] {
  const faults: PlannedFault[] = []
  let bag: FaultKind[] = []
  for (let atMs = random.between(...rest); atMs < playMs; atMs += random.between(...rest)) {
    // Each kind once before any comes again: also a short play sees all of them.
    if (bag.length === 0) bag = random.shuffled(kinds)
    const kind = bag.pop()
    if (kind === undefined) break
    const forMs = random.between(...lasts[kind])
    faults.push({ kind, atMs, target: random.between(1, targets), forMs })
    atMs += forMs
  }
  return faults
}

const REBALANCE_EVERY_MS = 10_000

/** Guests come and go, all of them gracefully, so that partitions move every ten seconds. */
function joinsAndLeaves({ playMs, members }: PlanOptions, random: Random): PlannedFault[] {
  const faults: PlannedFault[] = []
  const guests: number[] = []
  for (let atMs = REBALANCE_EVERY_MS / 2; atMs < playMs; atMs += REBALANCE_EVERY_MS) {
    const leaves = guests.length > 0 && (guests.length === 2 || random.next() < 0.5)
    const target = leaves ? guests.splice(random.between(0, guests.length - 1), 1)[0] : undefined
    if (target !== undefined) {
      faults.push({ kind: 'member leaves', atMs, target, forMs: 0 })
      continue
    }
    const guest = guests.includes(members + 1) ? members + 2 : members + 1
    guests.push(guest)
    faults.push({ kind: 'member joins', atMs, target: guest, forMs: 0 })
  }
  return faults
}
