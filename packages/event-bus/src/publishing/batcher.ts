/** Gets records onto the log: a bounded buffer in front, a lane per partition behind. Knows nothing of events. */
import type { Clock, Timer } from '../clock.ts'
import type { DriverProducer } from '../driver.ts'
import { BusClosedError, PublishAbortedError, PublishTimeoutError } from '../errors.ts'
import { untraced } from '../tracing/suppression.ts'
import type { PublisherMetrics } from '../tracing/telemetry.ts'
import type { Lane, LaneHost } from './lane.ts'
import { OpenCalls } from './open-calls.ts'
import type { PendingRecord } from './pending-record.ts'
import { ProcessHold } from './process-hold.ts'
import type { SendCall } from './send-call.ts'
import { TopicRoute } from './topic-route.ts'

export interface BatcherLimits {
  readonly maxBatchBytes: number
  readonly maxBatchRecords: number
  readonly maxBufferedBytes: number
  readonly maxBufferedRecords: number
  readonly partitionRefreshMs: number
}

/** Deadlines closer together than this are looked at together, in milliseconds. */
const deadlineGraceMs = 5

export class Batcher {
  readonly #producer: DriverProducer
  readonly #clock: Clock
  readonly #limits: BatcherLimits
  readonly #host: LaneHost
  readonly #routes = new Map<string, TopicRoute>()
  #readyLanes: Lane[] = []
  #isRoundDue = false
  #rounds = 0
  #bufferedBytes = 0
  #bufferedRecords = 0
  /** Calls with records that have no room yet, first come, first served. A set, so that one that gives up leaves at once. */
  readonly #waiting = new Set<SendCall>()
  readonly #open = new OpenCalls()
  readonly #processHold = new ProcessHold()
  readonly #flushes = new Set<Flush>()
  #deadlineTimer: Timer | null = null
  #deadlineTimerAt = Number.POSITIVE_INFINITY
  #closing: Promise<void> | null = null

  constructor(producer: DriverProducer, clock: Clock, metrics: PublisherMetrics, limits: BatcherLimits) {
    this.#producer = producer
    this.#clock = clock
    this.#limits = limits
    const rounds = (): number => this.#rounds
    this.#host = {
      get round() {
        return rounds()
      },
      producer,
      clock,
      metrics,
      maxBatchRecords: limits.maxBatchRecords,
      release: (record) => this.#release(record),
      ready: (lane) => this.#ready(lane),
      topicGone: (topic) => this.#routes.get(topic)?.forget(),
    }
  }

  /** Takes a call's records as room permits. @throws {BusClosedError} after `close`. */
  submit(call: SendCall, signal?: AbortSignal): void {
    if (this.#closing !== null) {
      throw new BusClosedError('the bus is closed: nothing can be published any more', { outcome: 'not-written' })
    }
    this.#open.add(call)
    this.#processHold.hold()
    call.onClosed = signal === undefined ? this.#closed : this.#watchSignal(call, signal)
    if (signal?.aborted === true) {
      this.#abort(call, signal)
      return
    }
    this.#watchDeadline(call.deadlineAt)
    const isFirst = this.#waiting.size === 0
    if (isFirst && this.#admit(call)) return
    this.#waiting.add(call)
    if (!isFirst) this.#admitWaiting()
  }

  /** Nothing that is submitted from now on goes to `topic` before `fulfil` has resolved once for this `purpose`. */
  require(topic: string, purpose: object, fulfil: () => Promise<void>): void {
    this.#routeOf(topic).require(purpose, fulfil)
  }

  /** Resolves when all calls that are open now have closed. */
  flush(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#flushes.add({ calls: new Set(this.#open), resolve }))
  }

  /** Refuses new calls, completes those that are open, closes the producer. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.flush()
    this.#deadlineTimer?.cancel()
    for (const route of this.#routes.values()) route.stop()
    await untraced(() => this.#producer.close())
  }

  #admitWaiting(): void {
    for (const call of this.#waiting) {
      if (!this.#admit(call)) return
      this.#waiting.delete(call)
    }
  }

  /** False when there is no room for all of its records. */
  #admit(call: SendCall): boolean {
    for (let next = call.records[call.admitted]; next !== undefined; next = call.records[call.admitted]) {
      if (next.state === 'waiting') {
        if (!this.#hasRoomFor(next)) return false
        this.#bufferedBytes += next.bytes
        this.#bufferedRecords += 1
        this.#routeOf(next.topic).push(next)
      }
      call.admitted += 1
    }
    return true
  }

  /** A record larger than the whole buffer is let in when nothing else is there: the cluster decides whether it is too large. */
  #hasRoomFor(record: PendingRecord): boolean {
    if (this.#bufferedRecords === 0) return true
    return (
      this.#bufferedRecords < this.#limits.maxBufferedRecords &&
      this.#bufferedBytes + record.bytes <= this.#limits.maxBufferedBytes
    )
  }

  #routeOf(topic: string): TopicRoute {
    let route = this.#routes.get(topic)
    if (route === undefined) {
      route = new TopicRoute(topic, this.#host, this.#limits)
      this.#routes.set(topic, route)
    }
    return route
  }

  #release(record: PendingRecord): void {
    this.#bufferedBytes -= record.bytes
    this.#bufferedRecords -= 1
    if (this.#waiting.size > 0) this.#scheduleRound()
  }

  #ready(lane: Lane): void {
    this.#readyLanes.push(lane)
    this.#scheduleRound()
  }

  // A round comes after the code that is running now: what it publishes in one go, and what callers publish as soon as their last promise resolves,
  // travels together, and nobody waits for a timer.
  #scheduleRound(): void {
    if (this.#isRoundDue) return
    this.#isRoundDue = true
    queueMicrotask(this.#round)
  }

  readonly #round = (): void => {
    this.#isRoundDue = false
    this.#admitWaiting()
    const lanes = this.#readyLanes
    this.#readyLanes = []
    this.#rounds += 1
    untraced(() => {
      for (const lane of lanes) lane.send()
    })
  }

  /** Answers what to do when the call has closed. */
  #watchSignal(call: SendCall, signal: AbortSignal): (call: SendCall) => void {
    const onAbort = (): void => this.#abort(call, signal)
    signal.addEventListener('abort', onAbort, { once: true })
    return (closed) => {
      signal.removeEventListener('abort', onAbort)
      this.#closed(closed)
    }
  }

  #abort(call: SendCall, signal: AbortSignal): void {
    call.giveUp(
      (outcome) =>
        new PublishAbortedError('the caller aborted before the event was acknowledged', {
          outcome,
          cause: signal.reason,
        }),
    )
  }

  // A property, so that a call without a signal needs no function of its own.
  readonly #closed = (call: SendCall): void => {
    this.#open.delete(call)
    if (this.#open.size === 0) this.#processHold.release()
    // What it still held back makes way for the next in line.
    if (this.#waiting.delete(call) && this.#waiting.size > 0) this.#scheduleRound()
    for (const flush of this.#flushes) {
      if (!flush.calls.delete(call) || flush.calls.size > 0) continue
      this.#flushes.delete(flush)
      flush.resolve()
    }
  }

  /** One timer for all: deadlines are nearly always met, so a timer for each call would be made for nothing. */
  #watchDeadline(deadlineAt: number): void {
    if (deadlineAt >= this.#deadlineTimerAt) return
    this.#deadlineTimer?.cancel()
    this.#deadlineTimerAt = deadlineAt
    this.#deadlineTimer = this.#clock.setTimer(() => this.#checkDeadlines(), deadlineAt - this.#clock.monotonic())
  }

  #checkDeadlines(): void {
    this.#deadlineTimerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#open) {
      if (call.deadlineAt > now) next = Math.min(next, call.deadlineAt)
      else call.giveUp((outcome) => timeoutError(call, outcome))
    }
    if (next < Number.POSITIVE_INFINITY) this.#watchDeadline(Math.max(next, now + deadlineGraceMs))
  }
}

interface Flush {
  readonly calls: Set<SendCall>
  readonly resolve: () => void
}

function timeoutError(call: SendCall, outcome: 'not-written' | 'unknown'): PublishTimeoutError {
  const what =
    outcome === 'unknown' ? 'sent, but not acknowledged' : 'not sent, for want of room in the buffer or of a leader'
  return new PublishTimeoutError(`${what} within ${Math.round(call.timeoutMs)} ms`, { outcome })
}
