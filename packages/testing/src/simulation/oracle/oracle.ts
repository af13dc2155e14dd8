import type { Clock, PlannedTopic, SubscriptionDefinition, TopicPartition } from '@tributary/event-bus'
import type { ClusterState } from '../../memory/in-memory-cluster.ts'
import { place } from '../driver/host.ts'
import type { Trace } from '../trace.ts'
import type { Execution } from './execution.ts'
import { LogLedger } from './log-ledger.ts'
import { type Invariant, Verdicts, type Violation } from './violation.ts'

export interface OracleOptions {
  readonly clock: Clock
  readonly cluster: ClusterState
  readonly definition: SubscriptionDefinition
  /** The topics that belong to it. */
  readonly planned: readonly PlannedTopic[]
  readonly trace: Trace
  /** Whether the wall clocks of all processes agree. */
  readonly areClocksTrue: boolean
  /** Whether nothing happens that may run again what is settled. */
  readonly isGentle: boolean
}

/** Knows what must hold over all processes, and says at once when something does not. */
export class Oracle {
  readonly clock: Clock
  readonly cluster: ClusterState
  readonly definition: SubscriptionDefinition
  readonly ledger: LogLedger
  readonly areClocksTrue: boolean
  readonly isGentle: boolean
  readonly #trace: Trace
  /** What the group reads. */
  readonly #read: readonly string[]
  readonly #verdicts = new Verdicts()
  readonly #running = new Map<string, Set<Execution>>()
  handled = 0

  constructor({ clock, cluster, definition, planned, trace, areClocksTrue, isGentle }: OracleOptions) {
    this.clock = clock
    this.cluster = cluster
    this.definition = definition
    this.#trace = trace
    this.areClocksTrue = areClocksTrue
    this.isGentle = isGentle
    this.#read = namesOf(planned, ['source', 'retry', 'redrive'])
    this.ledger = new LogLedger({
      cluster,
      group: definition.group,
      read: new Set(this.#read),
      written: new Set(namesOf(planned, ['dlq', 'retry'])),
      types: new Set(definition.on.map(({ event }) => event.type)),
      skipsOthers: definition.unknownTypes === 'skip',
    })
  }

  get violation(): Violation | null {
    return this.#verdicts.first
  }

  broken(invariant: Invariant, message: string): void {
    this.#trace.note(() => `✗ ${invariant}: ${message}`)
    this.#verdicts.broken(invariant, message)
  }

  /** I1, whenever the group has stored an offset. */
  checkCommitted(partition: TopicPartition): void {
    const nextOffset = this.cluster.coordinatorOf(this.definition.group).committed(partition)?.nextOffset
    if (nextOffset === undefined) return
    const lost = this.ledger.firstUnsettledBelow(partition, nextOffset)
    if (lost === null) return
    this.broken(
      'I1',
      `offset ${lost} of ${place(partition)} was committed over (commit ${nextOffset}) but never settled`,
    )
  }

  /** I2: nobody else runs a record of this lane now. */
  checkAlone(started: Execution): void {
    if (started.lane === null) return
    const laneId = `${place(started.tenure)}/${started.lane}`
    const running = this.#running.get(laneId) ?? new Set()
    this.#running.set(laneId, running)
    for (const other of running) if (!this.#mayOverlap(other, started)) this.#overlap(other, started)
    running.add(started)
  }

  ended(execution: Execution): void {
    if (execution.lane !== null) this.#running.get(`${place(execution.tenure)}/${execution.lane}`)?.delete(execution)
  }

  /** Whether the group still counts this process among its members. */
  isMember(memberIds: readonly string[]): boolean {
    const members = this.cluster.members(this.definition.group)
    return memberIds.some((id) => members.includes(id))
  }

  /** Whether all that is on the log is settled and committed. */
  isAtRest(): boolean {
    const coordinator = this.cluster.coordinatorOf(this.definition.group)
    for (const topic of this.#read) {
      for (const { partition, logEndOffset } of this.cluster.topics.offsets(topic)) {
        if ((coordinator.committed({ topic, partition })?.nextOffset ?? 0n) !== logEndOffset) return false
      }
    }
    return this.ledger.unsettled().next().done === true
  }

  /** What is missing for that, in words. */
  describeUnrest(): string {
    const open = [...this.ledger.unsettled()].map((at) => `${place(at)}/${at.offset}`)
    const coordinator = this.cluster.coordinatorOf(this.definition.group)
    const commits = this.#read.flatMap((topic) =>
      this.cluster.topics.offsets(topic).map(({ partition, logEndOffset }) => {
        const committed = coordinator.committed({ topic, partition })?.nextOffset ?? 'nothing'
        return `${topic}/${partition} committed ${committed} of ${logEndOffset}`
      }),
    )
    return `unsettled: ${open.slice(0, 8).join(', ') || 'nothing'}; ${commits.join(', ')}`
  }

  #mayOverlap(other: Execution, started: Execution): boolean {
    if (other.together === started.together) return true
    // Who has been thrown out and does not know it runs beside its successor: nobody can prevent that, and its commits are fenced.
    if (!other.witness.isMember || !started.witness.isMember) return true
    if (other.abortedAtMs === null) return false
    if (other.witness !== started.witness) return true
    return this.clock.monotonic() - other.abortedAtMs >= this.definition.attempt.abandonAfterMs
  }

  #overlap(other: Execution, { tenure, offset, witness }: Execution): void {
    const where = place(tenure)
    this.broken(
      'I2',
      `${witness.name} started offset ${offset} of ${where} while ${other.witness.name} was running offset ${other.offset} of the same key`,
    )
  }
}

function namesOf(planned: readonly PlannedTopic[], purposes: readonly PlannedTopic['purpose'][]): string[] {
  return planned.filter(({ purpose }) => purposes.includes(purpose)).map(({ topic }) => topic)
}
