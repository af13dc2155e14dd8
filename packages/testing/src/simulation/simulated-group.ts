import type { SubscriptionDefinition } from '@tributary/event-bus'
import type { ClusterState } from '../memory/in-memory-cluster.ts'
import { place } from './driver/host.ts'
import { MemberProcess, type SimulatedProcess } from './process.ts'
import type { Happening } from './scenario.ts'
import type { World } from './world.ts'

/** A subscription under simulation: made anew for each process that starts. */
export type SubscriptionFactory = (process: SimulatedProcess) => SubscriptionDefinition

/** What must hold at rest; throws when it does not. */
export type Check = (logs: ClusterState) => void

/** I7: when nothing goes wrong any more, all must be settled within this, in milliseconds of virtual time. */
const REST_MS = 4 * 3_600_000
/** A close is bounded by its own deadlines; this is beyond all of them, in milliseconds. */
const CLOSE_MS = 10 * 60_000

/** The processes of the group, and what happens to them. */
export class SimulatedGroup {
  readonly #world: World
  readonly #subscription: SubscriptionFactory
  readonly #processes: MemberProcess[] = []
  readonly #closing: Promise<void>[] = []
  #isCalm = false
  #started = 0

  constructor(world: World, subscription: SubscriptionFactory) {
    this.#world = world
    this.#subscription = subscription
  }

  get #running(): MemberProcess[] {
    return this.#processes.filter(({ isRunning }) => isRunning)
  }

  start(): void {
    this.#started += 1
    const name = `p${this.#started}`
    const { trace, random, scenario } = this.#world
    const { maxSkewMs } = scenario
    trace.note(() => `${name} starts`)
    this.#processes.push(
      new MemberProcess(name, this.#world, this.#subscription, random.between(-maxSkewMs, maxSkewMs)),
    )
  }

  /** Faults, calm, rest, close; ends at the first violation. */
  async live(check?: Check): Promise<void> {
    const { oracle } = this.#world
    await this.#until(
      () => this.#isCalm && oracle.isAtRest() && this.#isKnownToAll(),
      REST_MS,
      'everything is settled and committed',
    )
    if (oracle.violation !== null) return
    this.#checkRest()
    this.#checkService(check)
    if (oracle.violation !== null) return
    for (const process of this.#running) this.#close(process)
    let isClosed = false
    void Promise.all(this.#closing).then(() => {
      isClosed = true
    })
    await this.#until(() => isClosed, CLOSE_MS, 'all processes have closed')
    this.#checkClosed()
  }

  /** From now on nothing goes wrong, and somebody serves the group. */
  calm(): void {
    this.#world.trace.note(() => 'nothing goes wrong any more')
    this.#isCalm = true
    this.#world.faults.clear()
    if (this.#running.length === 0) this.start()
    for (const process of this.#running) process.setPaused(false)
  }

  happen(happening: Happening): void {
    const { faults, trace } = this.#world
    trace.note(() => describe(happening))
    switch (happening.kind) {
      case 'start':
        this.start()
        break
      case 'fetch fault':
        faults.arm('fetch', happening.fault)
        break
      case 'commit fault':
        faults.arm('commit', happening.fault, happening.times)
        break
      case 'append fault':
        faults.arm('append', happening.fault, happening.times)
        break
      case 'topic unknown':
        faults.arm('topic', 'unknown', happening.times)
        break
      case 'range fault':
        faults.arm('range', happening.fault, happening.times)
        break
      case 'truncate':
        this.#truncate(happening)
        break
      default: {
        const running = this.#running
        const process = running[happening.member % running.length]
        if (process !== undefined) this.#happenTo(process, happening)
      }
    }
  }

  #happenTo(process: MemberProcess, happening: Extract<Happening, { member: number }>): void {
    const { trace, clock } = this.#world
    trace.note(() => `  to ${process.name}`)
    switch (happening.kind) {
      case 'close':
        this.#close(process)
        break
      case 'pause':
        process.setPaused(true)
        break
      case 'resume':
        process.setPaused(false)
        break
      case 'jump clock':
        process.jumpWallClock(happening.byMs)
        break
      case 'crash':
        process.kill()
        clock.setTimer(() => {
          if (!this.#isCalm) this.start()
        }, happening.backAfterMs)
        break
      case 'expire':
        this.#expire(process, happening.noticedAfterMs)
        break
    }
  }

  #close(process: MemberProcess): void {
    const { oracle } = this.#world
    this.#closing.push(
      process
        .close()
        .catch((error: unknown) => oracle.broken('port', `${process.name} cannot close: ${String(error)}`)),
    )
  }

  #expire(process: MemberProcess, noticedAfterMs: number): void {
    const { cluster, oracle } = this.#world
    const { group } = oracle.definition
    const members = cluster.members(group)
    for (const memberId of process.memberIds) {
      if (members.includes(memberId)) cluster.expireMember(group, memberId, noticedAfterMs)
    }
  }

  /** Retention takes records from the head of the log. */
  #truncate({ topic, partition, records }: Extract<Happening, { kind: 'truncate' }>): void {
    const log = this.#world.cluster.topics.findLog({ topic, partition })
    if (log === undefined) return
    const before = log.startOffset + BigInt(records)
    log.truncateBefore(before < log.endOffset ? before : log.endOffset)
    this.#world.trace.note(() => `${topic}/${partition} now starts at ${log.startOffset}`)
  }

  /** Whether nobody has been thrown out without knowing it: such a member still works for itself. */
  #isKnownToAll(): boolean {
    return this.#running.every(({ witness }) => witness.isMember)
  }

  async #until(fact: () => boolean, withinMs: number, what: string): Promise<void> {
    const { clock, oracle } = this.#world
    if (oracle.violation !== null) return
    try {
      await clock.advanceUntil(() => oracle.violation !== null || fact(), withinMs)
    } catch {
      oracle.broken('I7', `${what}: not within ${withinMs} ms of virtual time (${oracle.describeUnrest()})`)
    }
  }

  /** I6: nothing is received that is neither settled nor under way. */
  #checkRest(): void {
    const { oracle } = this.#world
    for (const { name, subscription, witness } of this.#running) {
      const { inFlight, lag, oldestUnsettledMs, degraded } = subscription.health()
      if (inFlight !== witness.running) {
        oracle.broken('I6', `${name} says that ${inFlight} handlers run; there are ${witness.running}`)
      }
      if (lag !== 0 || oldestUnsettledMs !== null || degraded.length > 0) {
        const kept = degraded.map((partition) => place(partition)).join(', ')
        oracle.broken(
          'I6',
          `${name} is at rest and reports lag ${lag}, oldest unsettled ${oldestUnsettledMs}, degraded ${kept}`,
        )
      }
    }
  }

  #checkService(check: Check = () => {}): void {
    try {
      check(this.#world.cluster)
    } catch (error) {
      this.#world.oracle.broken('check', error instanceof Error ? error.message : String(error))
    }
  }

  /** I6: a process that has closed leaves no timer behind. */
  #checkClosed(): void {
    for (const { name, engineClock, isAlive } of this.#processes) {
      if (isAlive && engineClock.waitingTimers > 0) {
        this.#world.oracle.broken('I6', `${name} has closed and left ${engineClock.waitingTimers} timers`)
      }
    }
  }
}

function describe({ atMs: _, kind, ...rest }: Happening): string {
  const details = JSON.stringify(rest).replaceAll('"', '').slice(1, -1)
  return `! ${kind}${details === '' ? '' : `: ${details}`}`
}
