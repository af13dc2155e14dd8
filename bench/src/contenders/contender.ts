import type { PreparedOrder } from '../orders/order.ts'
import type { ConsumingPlan } from '../workloads/consuming.ts'
import type { Job, Measured } from '../workloads/workload.ts'

/** Where a contender publishes. */
export interface Target {
  readonly brokers: readonly string[]
  readonly topic: string
}

export interface OrderPublisher {
  /** Resolves when all in-sync replicas have every order. */
  publishMany(orders: readonly PreparedOrder[]): Promise<unknown>
  publish(order: PreparedOrder): Promise<unknown>
  close(): Promise<unknown>
}

/** What a contender consumes, always from the beginning and in a group of its own. */
export interface Source extends Target {
  readonly group: string
  /** How many handlers may run at a time. */
  readonly concurrency: number
}

/** @param content the decoded order of a contender that decodes, the bytes or text of one that does not */
export type OrderHandler = (sequence: number, content: unknown) => void | Promise<void>

/** `events`: typed Avro events with CloudEvents and trace headers. `parcels`: the same around 200 bytes. `text`: 200 bytes without headers. */
export type RecordForm = 'events' | 'parcels' | 'text'

/**
 * What is worth measuring of a contender. `batches`: publishing lists. `calls`: publishing single orders. `drain`: handlers that do nothing. `waits`: handlers
 * that wait, on one partition. `skew`: the same on several. `flow`: from publish to handler. `stuck`: going on beside what does not.
 */
export type Work = 'batches' | 'calls' | 'drain' | 'waits' | 'skew' | 'flow' | 'stuck'

/** One way to use Kafka. It implements what it can do as its documentation says to, with its defaults; what it cannot do is left out. */
export interface Contender {
  readonly form: RecordForm
  readonly worksAt: readonly Work[]
  /** Called in the contender's process before anything else. */
  readonly prepareProcess?: () => void
  readonly openPublisher?: (target: Target) => Promise<OrderPublisher>
  readonly consume?: (source: Source, handle: OrderHandler) => Promise<{ close(): Promise<unknown> }>
  /** Instead of `consume`: does a whole job in a program of its own, which warms up and times itself in the same way. */
  readonly consumeElsewhere?: (job: Job, plan: ConsumingPlan) => Promise<Measured>
}
