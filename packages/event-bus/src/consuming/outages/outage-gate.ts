import type { Timer } from '../../clock.ts'
import { backoffDelayMs } from '../../failing/backoff.ts'
import { describeFailure, type Failure } from '../../failing/failure.ts'
import { longestWaitMs, type ResolvedOutagePolicy } from '../../failing/outage-policy.ts'
import { type OutageReason, OutageWatch, type Standing, Trial } from '../../failing/outage-watch.ts'
import { RELEASE_STEP_MS, ReleasePace } from '../../failing/release-pace.ts'
import type { Logger } from '../../logger.ts'
import type { Delivery } from '../delivery.ts'
import type { PartitionRun } from '../partition.ts'
import type { TurnClock } from '../turn-clock.ts'

export interface OutageGateOptions {
  readonly topic: string
  readonly eventType: string
  readonly policy: ResolvedOutagePolicy
  readonly clock: TurnClock
  readonly logger: Logger
  readonly onOpened: (reason: OutageReason) => void
  /** Something may run that could not before. */
  readonly onRunnable: () => void
}

/**
 * Where the records of one event type wait while nothing of that type can be handled: each keeps its lane, so its followers wait behind it in order.
 * `OutageWatch` knows whether there is an outage; the gate holds records, lets one through now and then to find out whether it is over, and then all of them,
 * at a pace. Other types of the subscription pass their own gates (I7).
 */
export class OutageGate {
  readonly topic: string
  readonly eventType: string
  readonly watch: OutageWatch
  readonly #options: OutageGateOptions
  /** Held before their first attempt: the likeliest to succeed when the outage is over, whereas one that has failed may be what is wrong. */
  readonly #untried = new Set<Delivery>()
  readonly #tried = new Set<Delivery>()
  /** Probes under way. */
  readonly #probing = new Set<Delivery>()
  /** The next probe, while it waits for a slot: no other is chosen meanwhile. */
  #chosen: Delivery | null = null
  #askedAtMs = 0
  #failedProbes = 0
  #timer: Timer | null = null
  #timerDueAtMs = 0
  #pace: ReleasePace | null = null

  constructor(options: OutageGateOptions) {
    this.topic = options.topic
    this.eventType = options.eventType
    this.watch = new OutageWatch(options.policy)
    this.#options = options
  }

  /** Records that are held, those included that are being tried meanwhile. */
  get held(): number {
    return this.#untried.size + this.#tried.size + this.#probing.size + (this.#chosen === null ? 0 : 1)
  }

  /** One of them, for health: the one that was held first among those that have failed. */
  get example(): Delivery | null {
    return first(this.#tried) ?? first(this.#probing) ?? this.#chosen ?? first(this.#untried) ?? null
  }

  /** Milliseconds until a held record is tried; null while nothing is held, or one is being tried. */
  get nextProbeInMs(): number | null {
    if (this.watch.state !== 'open' || this.#timer === null) return null
    return Math.max(0, this.#timerDueAtMs - this.#options.clock.monotonic())
  }

  /** Whether an attempt at this record may start now. If not it is held, and made ready again when it may. */
  admits(delivery: Delivery): boolean {
    if (this.watch.state !== 'closed' && !this.#mayPass(delivery)) {
      this.#hold(delivery)
      return false
    }
    delivery.startedAt = this.watch.moment
    delivery.evidenceAt = this.watch.evidenceAt
    return true
  }

  succeeded(delivery: Delivery): void {
    const isOver = this.watch.succeeded(delivery.startedAt, this.#options.clock.latestMs)
    this.#pace?.succeeded()
    this.ended(delivery)
    if (isOver) this.#recover()
  }

  /** An attempt ended in a way that says nothing about others: it was skipped, or rejected. */
  ended(delivery: Delivery): void {
    if (delivery.trial?.isProbe !== true) return
    delivery.trial.isProbe = false
    this.#probing.delete(delivery)
    this.#arm()
  }

  failed(delivery: Delivery, failure: Failure): Standing {
    delivery.trial ??= new Trial()
    const standing = this.watch.failed(delivery.trial, failure, this.#options.clock.monotonic(), delivery.evidenceAt)
    if (delivery.trial.isProbe) this.#failedProbes += 1
    this.ended(delivery)
    return standing
  }

  /** The record is looked at once more before it is taken for a sign of an outage. */
  doubt(delivery: Delivery): void {
    if (delivery.trial !== null) delivery.trial.isDoubted = true
  }

  /** Holds a record that has failed while nothing shows that others can be handled. */
  awaitRecovery(delivery: Delivery, standing: Standing): void {
    // A probe fails because of the outage, and that does not count against the record.
    if (standing === 'probe') delivery.forgive()
    if (standing === 'suspect') this.#open()
    if (this.watch.state === 'open') this.#hold(delivery)
    // A slow probe: the outage is over by now.
    else delivery.owner.runAgainAfter(delivery, this.#firstWaitMs, this.#options.onRunnable)
  }

  /** The partition is somebody else's, or about to be: none of its records asks for others any more. */
  forget(run: PartitionRun): void {
    for (const set of [this.#untried, this.#tried, this.#probing]) {
      for (const delivery of set) if (delivery.owner === run) set.delete(delivery)
    }
    if (this.#chosen?.owner === run) this.#chosen = null
    this.#arm()
  }

  close(): void {
    this.#timer?.cancel()
  }

  get #firstWaitMs(): number {
    return backoffDelayMs(this.#options.policy.probe, 1, 0)
  }

  #mayPass(delivery: Delivery): boolean {
    const { trial } = delivery
    // It may ask twice: once more when its turn in a batch has come.
    if (trial?.isProbe === true) return true
    if (this.watch.state === 'recovering') return trial?.releasedIn === this.watch.openings
    if (this.#chosen === delivery) {
      this.#chosen = null
      this.#beginProbe(delivery)
      return true
    }
    // The first that comes after a while is tried at once: when the outage is only a record that failed alone, nothing else waits for it.
    const isUntried = trial === null || trial.failedAt === null
    if (!isUntried || this.#chosen !== null || this.#options.clock.monotonic() < this.#dueAtMs(true)) return false
    this.#beginProbe(delivery)
    return true
  }

  #hold(delivery: Delivery): void {
    if (delivery.owner.state !== 'active') return
    const trial = this.#noteHold(delivery)
    delivery.detach()
    if (trial.failedAt === null) this.#untried.add(delivery)
    else this.#tried.add(delivery)
    this.#arm()
  }

  #noteHold(delivery: Delivery): Trial {
    const nowMs = this.#options.clock.monotonic()
    delivery.trial ??= new Trial()
    delivery.trial.heldSinceMs ??= nowMs
    delivery.trial.heldFromMs ??= nowMs
    return delivery.trial
  }

  #beginProbe(delivery: Delivery): void {
    this.#noteHold(delivery).isProbe = true
    this.#askedAtMs = this.#options.clock.monotonic()
    this.#probing.add(delivery)
    this.#arm()
  }

  /** A probe that hangs does not stop the next one, it only slows it down. */
  #dueAtMs(hasUntried = this.#untried.size > 0): number {
    const { probe } = this.#options.policy
    if (this.#probing.size > 0) return this.#askedAtMs + longestWaitMs(probe)
    return (
      this.#askedAtMs + (hasUntried ? this.#firstWaitMs : backoffDelayMs(probe, Math.max(1, this.#failedProbes), 0))
    )
  }

  /** Makes sure that the timer runs no later than the next probe is due. One that runs earlier looks again. */
  #arm(): void {
    if (this.watch.state !== 'open' || this.#chosen !== null) return
    if (this.#untried.size + this.#tried.size === 0) return
    const dueAtMs = this.#dueAtMs()
    if (this.#timer !== null && this.#timerDueAtMs <= dueAtMs) return
    this.#setTimer(dueAtMs - this.#options.clock.monotonic(), () => this.#probe())
  }

  #setTimer(ms: number, callback: () => void): void {
    const { clock } = this.#options
    this.#timer?.cancel()
    this.#timerDueAtMs = clock.monotonic() + Math.max(0, ms)
    this.#timer = clock.setTimer(() => {
      this.#timer = null
      callback()
    }, ms)
  }

  #probe(): void {
    if (this.#options.clock.monotonic() < this.#dueAtMs()) {
      this.#arm()
      return
    }
    const next = this.#chosen === null ? this.#takeNext() : undefined
    if (next === undefined) return
    this.#chosen = next
    next.owner.makeReady(next)
    this.#options.onRunnable()
  }

  #takeNext(): Delivery | undefined {
    const next = first(this.#untried) ?? first(this.#tried)
    if (next !== undefined) {
      this.#untried.delete(next)
      this.#tried.delete(next)
    }
    return next
  }

  #open(): void {
    const { watch } = this
    const { clock, logger, onOpened } = this.#options
    const nowMs = clock.monotonic()
    if (!watch.open(nowMs)) return
    this.#timer?.cancel()
    this.#timer = null
    this.#pace = null
    this.#failedProbes = 0
    this.#askedAtMs = nowMs
    onOpened(watch.reason)
    logger.error(
      { topic: this.topic, eventType: this.eventType, reason: watch.reason, failure: watch.lastFailure },
      `${this.describe()}: its events are held and not given up`,
    )
  }

  #recover(): void {
    const { clock, logger, policy } = this.#options
    const heldMs = Math.round(clock.monotonic() - this.watch.openedAtMs)
    logger.warn(
      { topic: this.topic, eventType: this.eventType, heldMs, held: this.held },
      `'${this.eventType}' can be handled again: what was held runs again`,
    )
    // Whoever waits for a slot as the next probe runs as others do, or is held until it is its turn.
    this.#chosen = null
    this.#pace = new ReleasePace(policy.releasePerSecond)
    this.#release(this.#pace)
  }

  #release(pace: ReleasePace): void {
    // Those that have failed come last: they may be what is wrong, and when the outage returns meanwhile they have not failed twice for it.
    for (let left = pace.step(); left > 0; left -= 1) {
      const next = this.#takeNext()
      if (next === undefined) break
      this.#releaseOne(next)
    }
    if (this.#tried.size + this.#untried.size > 0) {
      this.#setTimer(RELEASE_STEP_MS, () => this.#release(pace))
    } else {
      this.#pace = null
      this.watch.close()
    }
    this.#options.onRunnable()
  }

  /** What it failed before was the outage's fault, as far as anybody knows: it has all its attempts again, and is as young as when it came. */
  #releaseOne(delivery: Delivery): void {
    const { trial } = delivery
    if (trial !== null) {
      if (trial.isDoubted) trial.doubtedAt = trial.failedAt
      trial.isDoubted = false
      trial.releasedIn = this.watch.openings
    }
    delivery.startAnew(
      trial === null || trial.heldFromMs === null ? 0 : this.#options.clock.monotonic() - trial.heldFromMs,
    )
    if (trial !== null) trial.heldFromMs = null
    delivery.owner.makeReady(delivery)
  }

  /** For logs and health, without numbers that change. */
  describe(): string {
    const { reason, lastFailure } = this.watch
    const why = lastFailure === null ? '' : ` (${describeFailure(lastFailure)})`
    return `${reason}: '${this.eventType}' fails without any success${why}`
  }
}

function first(set: ReadonlySet<Delivery>): Delivery | undefined {
  return set.values().next().value
}
