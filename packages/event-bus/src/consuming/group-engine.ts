import type {
  AssignedPartition,
  Chunk,
  DriverConsumer,
  GroupListener,
  StartPosition,
  TopicPartition,
} from '../driver.ts'
import type { Logger } from '../logger.ts'
import type { SubscriptionMetrics } from '../tracing/telemetry.ts'
import { isOfBatches } from './definition/batch-handler.ts'
import { Committer } from './offsets/committer.ts'
import { COMMIT_TIMEOUT_MS } from './definition/definition-faults.ts'
import type { Delivery } from './delivery.ts'
import type { DeliveryRunner } from './attempts/delivery-runner.ts'
import { Dispatcher } from './dispatcher.ts'
import { DueGate } from './intake/due-gate.ts'
import { type ByteBudget, Intake } from './intake/flow-control.ts'
import type { GroupTopics } from './group-topics.ts'
import type { OutageGates } from './outages/outage-gates.ts'
import type { ParkingEnvironment } from './lanes/parking.ts'
import { PartitionRun, partitionId } from './partition.ts'
import { TokenBucket } from './attempts/rate-limit.ts'
import { RetentionLoss } from './offsets/retention-loss.ts'
import { type Start, startOf } from './offsets/start-position.ts'
import type { SubscriptionDefinition } from './definition/subscription-definition.ts'
import type { TurnClock } from './turn-clock.ts'
import { until } from './until.ts'

export interface GroupEngineOptions {
  readonly definition: SubscriptionDefinition
  readonly topics: GroupTopics
  readonly clock: TurnClock
  readonly logger: Logger
  readonly metrics: SubscriptionMetrics
  readonly budget: ByteBudget
  /** Asked late: the membership is made with the engine as its listener. */
  readonly consumer: () => DriverConsumer
  readonly runner: () => DeliveryRunner
  /** A number from 0 to 1 for jitter. */
  readonly random: () => number
  readonly gates: OutageGates
  /** Where partitions of this topic begin for which the group has committed nothing. */
  readonly startFrom: (topic: string) => Promise<'earliest' | 'latest'>
  readonly onFailed: (error: Error) => void
}

/** The part of a drain that is kept for handlers that obey their signal, and for the commit. */
const DRAIN_RESERVE = 0.25
const MAX_DRAIN_RESERVE_MS = 1_000

/**
 * One membership: which partitions there are, what comes in for them, and what is handed back in order. Everything that happens to one partition is in
 * `PartitionRun`; everything that happens to one record in `DeliveryRunner` and `DeliverySettler`.
 */
export class GroupEngine implements GroupListener {
  readonly committer: Committer
  readonly dispatcher: Dispatcher
  readonly retentionLoss: RetentionLoss
  readonly #options: GroupEngineOptions
  readonly #runs = new Map<string, PartitionRun>()
  readonly #parking: ParkingEnvironment
  readonly #stopWatchingBudget: () => void
  isClosing = false

  constructor(options: GroupEngineOptions) {
    const { definition, clock, logger, metrics, consumer, runner, budget, random } = options
    this.#options = options
    this.retentionLoss = new RetentionLoss(metrics, logger)
    this.committer = new Committer({
      commit: (requests) => consumer().commit(requests),
      partitions: () => this.#runs.values(),
      clock,
      pace: definition.commit,
      logger,
      onResult: (result) => {
        metrics.committed(result.topic, result.outcome)
        const run = this.#runs.get(partitionId(result))
        // How full the metadata is was seen when this commit was sent.
        if (run !== undefined) this.#review(run)
      },
    })
    this.dispatcher = new Dispatcher({
      concurrency: definition.concurrency,
      slotsTaken: () => runner().slotsTaken,
      run: (delivery) => runner().run(delivery),
      rate: definition.rate === null ? null : new TokenBucket(definition.rate, clock),
      clock,
    })
    this.#parking = {
      readRange: (...range) => consumer().readRange(...range),
      clock,
      logger,
      random,
      onParked: (run) => this.#review(run),
      onRestored: (run) => {
        this.dispatcher.dispatch()
        this.#review(run)
      },
      onExpired: (run, laneKey, recordOffset) => {
        this.retentionLoss.ofFollower(run, laneKey, recordOffset)
        this.committer.note()
      },
    }
    this.#stopWatchingBudget = budget.onRelief(() => this.reviewAll())
  }

  get runs(): Iterable<PartitionRun> {
    return this.#runs.values()
  }

  // What the driver says

  async onAssigned(partitions: readonly AssignedPartition[]): Promise<readonly StartPosition[]> {
    const { logger, startFrom } = this.#options
    const positions: StartPosition[] = []
    for (const assigned of partitions) {
      const { topic, partition, epoch, committed } = assigned
      const start = startOf(assigned, committed === null ? await startFrom(topic) : 'earliest')
      if (start.anomaly !== null) logger.error({ topic, partition }, start.anomaly)
      const { position, inherited } = start
      if (committed !== null && committed.nextOffset < position)
        this.retentionLoss.ofUnread(assigned, committed.nextOffset, position, inherited)
      if (start.isMetadataForeign) logger.warn({ topic, partition }, 'commit metadata of another program is ignored')
      logger.info({ topic, partition, epoch, position }, 'partition assigned')
      positions.push({ topic, partition, position })
      if (!this.isClosing) this.#add(assigned, start)
    }
    return positions
  }

  async onRevoking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const runs = partitions.flatMap((partition) => this.#runs.get(partitionId(partition)) ?? [])
    await this.#handBack(runs, signal)
    for (const { topic, partition, nextOffset } of runs) {
      this.#options.logger.info({ topic, partition, nextOffset }, 'partition revoked')
    }
  }

  onLost(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const run = this.#runs.get(partitionId({ topic, partition }))
      if (run === undefined) continue
      this.#options.logger.warn(
        { topic, partition, nextOffset: run.nextOffset },
        'partition lost: uncommitted work is done again',
      )
      this.#fence(run)
    }
  }

  onChunk(chunk: Chunk): void {
    const run = this.#runs.get(partitionId(chunk))
    if (run === undefined || run.epoch !== chunk.epoch || run.state !== 'active') return
    const { topic, partition, epoch, fetchedFrom } = chunk
    if (fetchedFrom !== run.position) {
      // I1: what lies between would be passed over, or run twice.
      const { position } = run
      this.#options.logger.warn(
        { topic, partition, fetchedFrom, position },
        'chunk dropped: it does not follow the one before',
      )
      this.#options.consumer().seek({ topic, partition }, epoch, position)
      return
    }
    if (chunk.isExpired) this.retentionLoss.ofUnread(chunk, fetchedFrom, chunk.nextPosition, null)
    const admitted = run.gate === null ? chunk : run.gate.admit(chunk)
    run.receive(admitted)
    if (admitted.records.length > 0) this.#options.metrics.consumed(topic, admitted.records.length)
    // In this order: what synchronous handlers have done by then need not pause the partition.
    this.dispatcher.dispatch()
    this.#review(run)
    // What is not due stays on the log: the partition is paused at it, until its gate opens.
    if (admitted !== chunk) this.#options.consumer().seek({ topic, partition }, epoch, admitted.nextPosition)
  }

  onFailed(error: Error): void {
    this.#options.onFailed(error)
  }

  // What happens to records

  settled(delivery: Delivery): void {
    this.#moved(delivery.owner)
  }

  /** The handler of a record of an earlier epoch has ended: its key is free, in the epoch that is now. */
  leftBehind(delivery: Delivery): void {
    this.#runs.get(partitionId(delivery.owner))?.leaveLane(delivery)
  }

  // What the user says

  setPaused(isPaused: boolean): void {
    this.dispatcher.isPaused = isPaused
    this.reviewAll()
    this.dispatcher.dispatch()
  }

  /** Pauses and resumes partitions by what they hold now. */
  reviewAll(): void {
    for (const run of this.#runs.values()) this.#review(run)
  }

  /** Ends what is under way, within `drainMs`, and commits it. Nothing starts any more. */
  async close(): Promise<void> {
    const { clock, definition } = this.#options
    this.isClosing = true
    this.dispatcher.isPaused = true
    const overtime = new AbortController()
    const timer = clock.setTimer(() => overtime.abort(), definition.drainMs)
    await this.#handBack([...this.#runs.values()], overtime.signal)
    timer.cancel()
    this.committer.close()
    this.#stopWatchingBudget()
  }

  #add(assigned: AssignedPartition, start: Start): void {
    const { definition, topics, budget, clock, runner } = this.#options
    const intake = new Intake(definition.limits, budget)
    const role = topics.roleOf(assigned.topic)
    const { delayMs } = role
    const onOpen = (): void => this.#review(run)
    const gate = delayMs === null ? null : new DueGate({ clock, delayMs, logEndOffset: assigned.logEndOffset, onOpen })
    const run = new PartitionRun({
      assigned,
      ...start,
      order: definition.order,
      role,
      gate,
      intake,
      clock,
      parking: this.#parking,
      onMoved: () => this.#moved(run),
      ...(definition.on.some(isOfBatches) ? { onBatchDue: () => this.dispatcher.dispatch() } : {}),
    })
    for (const { owner, deliveries } of runner().inFlight.aborted()) {
      if (partitionId(owner) !== partitionId(run)) continue
      // Of several records of one key in a batch the last keeps the lane; all are left behind at once.
      for (const delivery of deliveries) run.lanes.occupy(delivery)
    }
    this.#runs.set(partitionId(run), run)
    this.dispatcher.add(run)
    // A group that starts at the end and commits nothing would start at a later end after a restart: the start is committed as well.
    this.committer.note()
  }

  /**
   * Drain, commit, then let go, in this order. Otherwise: we finish 41, let go, the new owner starts at the last commit (38) and handles 38..41 a second
   * time; then our late commit lands under an old generation and is refused.
   */
  async #handBack(runs: readonly PartitionRun[], signal: AbortSignal): Promise<void> {
    const { clock, definition, runner, gates } = this.#options
    const reserveMs = Math.min(MAX_DRAIN_RESERVE_MS, definition.drainMs * DRAIN_RESERVE)
    const drained = Promise.all(runs.map((run) => run.drain()))
    for (const run of runs) gates.forget(run)
    await until(drained, { clock, ms: definition.drainMs - reserveMs, signal })
    // What has not ended by now does not count. Handlers that obey their signal end before the next owner starts (I2).
    for (const run of runs) runner().inFlight.fence(run)
    await until(drained, { clock, ms: reserveMs / 2, signal })
    await until(this.committer.flush(runs, signal), { clock, ms: COMMIT_TIMEOUT_MS, signal })
    for (const run of runs) this.#fence(run)
  }

  #fence(run: PartitionRun): void {
    run.fence()
    this.#options.runner().inFlight.fence(run)
    this.#options.gates.forget(run)
    this.dispatcher.remove(run)
    // Calls for one partition do not overlap, but a close may: never remove the run of a later epoch.
    if (this.#runs.get(partitionId(run)) === run) this.#runs.delete(partitionId(run))
  }

  /** Something of it was settled, or passed: there may be more to commit, and room for more. */
  #moved(run: PartitionRun): void {
    this.committer.note()
    if (run.intake.isPaused) this.#review(run)
  }

  #review(run: PartitionRun): void {
    if (run.state !== 'active') return
    run.parking.watch()
    const wantsPause = this.dispatcher.isPaused || run.wantsPause
    if (wantsPause === run.intake.isPaused) return
    run.intake.isPaused = wantsPause
    const { topic, partition } = run
    if (wantsPause) this.#options.consumer().pause([{ topic, partition }])
    else this.#options.consumer().resume([{ topic, partition }])
  }
}
