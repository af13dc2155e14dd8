import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '../journal/journal.ts'
import type { Story } from '../report/story.ts'
import type { ChaosCluster } from '../stage/cluster.ts'
import type { FlakyLine, LineState } from '../stage/flaky-line.ts'
import type { Members } from '../stage/members.ts'
import type { FaultKind, PlannedFault } from './plan.ts'

/** A fault that has struck; times by the monotonic clock, in milliseconds. */
export interface StruckFault {
  readonly kind: FaultKind
  readonly target: number
  readonly struckAt: number
  /** When everything was mended again. */
  readonly overAt: number
}

export interface Stage {
  readonly cluster: ChaosCluster
  readonly members: Members
  readonly story: Story
  /** Ends every wait: what is broken is mended at once. */
  readonly signal: AbortSignal
}

/** Strikes, waits, mends. Whatever happens meanwhile, what was broken is mended before it ends. */
export async function strike(fault: PlannedFault, stage: Stage): Promise<StruckFault> {
  const { kind, target } = fault
  stage.story.say(`✦ ${headline(fault)}`)
  const struckAt = monotonicMs()
  await stagings[kind](fault, stage)
  const overAt = monotonicMs()
  if (overAt - struckAt > 500) stage.story.say(`  over: ${kind}, ${subject(fault)} (${seconds(overAt - struckAt)})`)
  return { kind, target, struckAt, overAt }
}

type Staging = (fault: PlannedFault, stage: Stage) => Promise<void>

const stagings: Record<FaultKind, Staging> = {
  'broker killed': async ({ target, forMs }, { cluster, signal }) => {
    await cluster.kill(target)
    await wait(forMs, signal)
    await cluster.restart(target)
  },
  'connections cut': async ({ target }, { cluster, story }) => {
    // Every other one, so that clients are left with a part of what they had.
    let index = 0
    const count = lineOf(cluster, target).cut(() => index++ % 2 === 0)
    story.say(`  ${count} connections broken`)
  },
  'line slow': (fault, stage) => disturb(fault, stage, { kind: 'slow', delayMs: 100 + (fault.forMs % 400) }),
  'line silent': (fault, stage) => disturb(fault, stage, { kind: 'silent' }),
  'answers lost': (fault, stage) => disturb(fault, stage, { kind: 'mute' }),
  'member killed': async ({ target, forMs }, { members, signal }) => {
    await members.kill(target)
    await wait(forMs, signal)
    await members.start(target)
  },
  'member frozen briefly': freeze,
  'member frozen for long': freeze,
  'member restarted': async ({ target, forMs }, { members, signal }) => {
    await members.stop(target)
    await wait(forMs, signal)
    await members.start(target)
  },
  'member joins': ({ target }, { members }) => members.start(target),
  'member leaves': ({ target }, { members }) => members.stop(target),
}

async function freeze({ target, forMs }: PlannedFault, { members, signal }: Stage): Promise<void> {
  members.freeze(target)
  await wait(forMs, signal)
  members.thaw(target)
}

async function disturb({ target, forMs }: PlannedFault, { cluster, signal }: Stage, state: LineState): Promise<void> {
  const line = lineOf(cluster, target)
  line.become(state)
  await wait(forMs, signal)
  line.become({ kind: 'good' })
}

function lineOf(cluster: ChaosCluster, broker: number): FlakyLine {
  const line = cluster.lines[broker - 1]
  if (line === undefined) throw new RangeError(`there is no broker ${broker}`)
  return line
}

/** Until the time is over, or the play is. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

function headline(fault: PlannedFault): string {
  return `${fault.kind}: ${subject(fault)}${fault.forMs > 0 ? `, for ${seconds(fault.forMs)}` : ''}`
}

function subject({ kind, target }: PlannedFault): string {
  return `${kind.startsWith('member') ? 'member' : 'broker'} ${target}`
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
