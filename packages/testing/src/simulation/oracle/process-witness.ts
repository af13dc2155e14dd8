import {
  type AssignedPartition,
  type Chunk,
  type Clock,
  type CommitRequest,
  type EventEnvelope,
  isSkip,
  type OutgoingRecord,
  rawRecord,
  skip,
  type TopicPartition,
} from '@tributary/event-bus'
import { type DriverWitness, place } from '../driver/host.ts'
import { CallBudget } from './call-budget.ts'
import { isSkippedBy } from './classified.ts'
import type { AttemptView, Execution } from './execution.ts'
import type { Oracle } from './oracle.ts'
import { Tenure } from './tenure.ts'

/** What may be held on top of a partition's limits, because it was read again. */
const READ_AGAIN_PART = 0.25

/** Watches one process: what its driver tells the engine, what the engine asks of the driver, and what its handlers do. */
export class ProcessWitness implements DriverWitness {
  readonly name: string
  /** By the user. */
  isPaused = false
  readonly #oracle: Oracle
  readonly #clock: Clock
  readonly #memberIds: () => readonly string[]
  readonly #tenures = new Map<string, Tenure>()
  readonly #running = new Set<Execution>()
  /** Records that count, and may be handled again all the same. */
  readonly #uncertain = new Set<string>()
  #calls: CallBudget | null
  #isClosing = false

  constructor(name: string, oracle: Oracle, clock: Clock, memberIds: () => readonly string[]) {
    this.name = name
    this.#oracle = oracle
    this.#clock = clock
    this.#memberIds = memberIds
    const { rate } = oracle.definition
    this.#calls = rate === null ? null : new CallBudget(rate, clock)
  }

  get isMember(): boolean {
    return this.#oracle.isMember(this.#memberIds())
  }

  /** Handlers that run, and are not given up. */
  get running(): number {
    const { clock, definition } = this.#oracle
    const now = clock.monotonic()
    const attempts = new Set<unknown>()
    for (const { abortedAtMs, together } of this.#running) {
      if (abortedAtMs === null || now - abortedAtMs < definition.attempt.abandonAfterMs) attempts.add(together)
    }
    return attempts.size
  }

  /** The process has been asked to close: nothing starts any more. */
  closing(): void {
    this.#isClosing = true
    for (const tenure of this.#tenures.values()) tenure.state = 'leaving'
  }

  /** The process has been killed: nothing of it goes on. */
  killed(): void {
    for (const execution of this.#running) this.#oracle.ended(execution)
    this.#running.clear()
    for (const tenure of this.#tenures.values()) tenure.state = 'gone'
    this.#tenures.clear()
  }

  // The port

  assigned(partitions: readonly AssignedPartition[]): void {
    for (const assigned of partitions) {
      const tenure = new Tenure(assigned)
      if (this.#isClosing) tenure.state = 'leaving'
      this.#tenures.set(place(assigned), tenure)
    }
  }

  revoking(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const tenure = this.#tenures.get(place(partition))
      if (tenure !== undefined) tenure.state = 'leaving'
    }
  }

  gone(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const tenure = this.#tenures.get(place(partition))
      if (tenure === undefined) continue
      tenure.state = 'gone'
      this.#tenures.delete(place(partition))
    }
  }

  chunkOffered(chunk: Chunk, isPaused: boolean): void {
    const tenure = this.#tenures.get(place(chunk))
    if (tenure?.state !== 'held') return
    tenure.receive(chunk)
    if (this.isPaused && !isPaused)
      this.#oracle.broken('I5', `${this.name} is paused and goes on reading ${place(chunk)}`)
    // A retry topic takes of a chunk what is due, and comes back for the rest.
    const { limits, topics } = this.#oracle.definition
    if (!topics.includes(chunk.topic)) return
    // Of each parked lane, one record may be read again whatever is held.
    const kept = limits.maxRecordsPerPartition * (1 + READ_AGAIN_PART) + limits.maxParkedPerPartition * 2
    const unsettled = isPaused || !this.isMember ? 0 : tenure.unsettled(this.#oracle.ledger)
    if (unsettled > kept) {
      const limit = `with what is parked and read again, its limits allow ${kept}`
      this.#oracle.broken(
        'I5',
        `${this.name} goes on reading ${place(chunk)} with ${unsettled} unsettled records: ${limit}`,
      )
    }
  }

  commitRequested(requests: readonly CommitRequest[]): void {
    for (const request of requests) {
      const { epoch, nextOffset } = request
      const tenure = this.#tenures.get(place(request))
      const what = `${this.name} commits ${place(request)} at ${nextOffset} in epoch ${epoch}`
      if (tenure?.epoch !== epoch) {
        this.#oracle.broken('I4', `${what}, which it has given up or lost`)
      } else if (nextOffset < tenure.highestCommit) {
        this.#oracle.broken('I1', `${what}: that goes back from ${tenure.highestCommit}`)
      } else {
        tenure.highestCommit = nextOffset
      }
    }
  }

  commitApplied(partition: TopicPartition): void {
    this.#oracle.checkCommitted(partition)
  }

  /** What is refused in its smallest form, without its value, is given up where the policy says so. */
  writeRefused(record: OutgoingRecord): void {
    const { value, headers } = rawRecord(record)
    const { definition, ledger } = this.#oracle
    if (value === null && definition.onFailure.deadLetterImpossible === 'skip-and-alarm')
      ledger.settleOrigin(headers, null)
  }

  portBroken(what: string): void {
    this.#oracle.broken('port', `${this.name}: ${what}`)
  }

  // Handlers

  /** One execution for each event of an attempt; fewer when a partition is not the process's own, which is told. */
  started(events: readonly EventEnvelope[], context: AttemptView): readonly Execution[] {
    const { definition } = this.#oracle
    const together = events.map(({ origin }) => Number(origin.recordOffset))
    if (this.#calls?.take() === false) this.#oracle.broken('I5', `${this.name} calls handlers faster than its rate`)
    const executions = events.flatMap((event) => this.#execution(event, context, together) ?? [])
    for (const execution of executions) {
      this.#checkStart(execution)
      this.#oracle.checkAlone(execution)
      this.#running.add(execution)
    }
    if (this.running > definition.concurrency) {
      const what = `${this.running} handlers at once: concurrency is ${definition.concurrency}`
      this.#oracle.broken('I5', `${this.name} runs ${what}`)
    }
    return executions
  }

  #execution({ origin }: EventEnvelope, context: AttemptView, together: readonly number[]): Execution | null {
    const { definition, ledger } = this.#oracle
    const offset = Number(origin.recordOffset)
    const tenure = this.#tenures.get(place(origin))
    if (tenure?.state !== 'held') {
      const state = tenure === undefined ? 'is not its own' : 'it is giving up'
      this.#oracle.broken('I4', `${this.name} starts offset ${offset} of ${place(origin)}, a partition that ${state}`)
      return null
    }
    // What waits in a retry topic is overtaken, and promises no order.
    const order = definition.topics.includes(origin.topic) ? definition.order : 'none'
    const lane = laneOf(order, ledger.keyOf(origin, offset) ?? null)
    return { witness: this, tenure, offset, lane, context, together, abortedAtMs: null }
  }

  /** The handler has returned a promise, so it may be aborted. */
  pending(execution: Execution): void {
    const { signal } = execution.context
    signal.addEventListener(
      'abort',
      () => {
        execution.abortedAtMs = this.#oracle.clock.monotonic()
        this.#startAgainFrom(execution)
      },
      { once: true },
    )
  }

  returned(execution: Execution, value: unknown): void {
    if (!this.#end(execution)) return
    const { tenure, offset, context } = execution
    if (context.isFenced()) return
    const { ledger } = this.#oracle
    const where = `${this.name}: the handler of offset ${offset} of ${place(tenure)}`
    if (this.#clock.now() > context.deadlineAt) {
      this.#oracle.broken('I4', `${where} is not fenced after its deadline`)
    } else if (tenure.state === 'gone') {
      this.#oracle.broken('I4', `${where} is not fenced although the partition is gone`)
    } else if (this.isMember) {
      if (!isSkip(value)) this.#oracle.handled += 1
      tenure.settled.add(offset)
      ledger.settle(tenure, offset)
    }
  }

  /** What a handler threw, or answered for one event of a batch. */
  threw(execution: Execution, thrown: unknown, isBehindFailed = false): void {
    if (isSkippedBy(this.#oracle.definition.onFailure.classify, thrown)) {
      if (isBehindFailed) this.behindFailed(execution)
      else this.returned(execution, skip('classified'))
    } else {
      this.#end(execution)
      this.#startAgainFrom(execution)
    }
  }

  /** It was handled in a batch, behind one of its key that is tried again: then it is handled again too, or else it counts. */
  behindFailed(execution: Execution): void {
    if (!this.#end(execution) || execution.context.isFenced()) return
    const { tenure, offset } = execution
    this.#startAgainFrom(execution)
    this.#oracle.ledger.settle(tenure, offset)
    this.#uncertain.add(`${place(tenure)}/${offset}`)
  }

  #startAgainFrom({ tenure, offset, lane }: Execution): void {
    if (lane !== null && offset < (tenure.lastOfLane.get(lane) ?? -1)) tenure.lastOfLane.set(lane, offset)
  }

  #end(execution: Execution): boolean {
    this.#oracle.ended(execution)
    return this.#running.delete(execution)
  }

  /** I2: each epoch runs a key's records in ascending order from the committed position, each after the one before is settled. */
  #checkStart({ tenure, offset, lane, together }: Execution): void {
    const { ledger, definition } = this.#oracle
    const where = `${this.name} starts offset ${offset} of ${place(tenure)}`
    if (tenure.committedBefore !== null && offset < tenure.committedBefore) {
      this.#oracle.broken('I2', `${where}, which is before the committed position ${tenure.committedBefore}`)
    }
    const dueAt = ledger.dueAt(tenure, offset)
    if (this.#oracle.areClocksTrue && dueAt !== null && this.#clock.now() < dueAt) {
      this.#oracle.broken('I2', `${where}, which is due in ${dueAt - this.#clock.now()} ms`)
    }
    if (
      this.#oracle.isGentle &&
      ledger.isSettled(tenure, offset) &&
      !this.#uncertain.has(`${place(tenure)}/${offset}`)
    ) {
      this.#oracle.broken('I2', `${where} again, although nothing has happened to whoever settled it`)
    }
    if (tenure.settled.has(offset)) this.#oracle.broken('I2', `${where} again, which it has settled in this epoch`)
    if (lane === null) return
    const last = tenure.lastOfLane.get(lane)
    if (last !== undefined && offset < last) this.#oracle.broken('I2', `${where} after offset ${last} of the same key`)
    tenure.lastOfLane.set(lane, offset)
    // A member that has been thrown out unnoticed settles for itself alone.
    if (!this.isMember) return
    const first = ledger.firstUnsettledOfLane(tenure, definition.order === 'partition' ? null : lane, offset)
    if (first !== null && !together.includes(first))
      this.#oracle.broken('I2', `${where} before offset ${first} of the same key is settled`)
  }
}

function laneOf(order: 'key' | 'partition' | 'none', key: string | null): string | null {
  if (order === 'none') return null
  return order === 'partition' ? '' : key
}
