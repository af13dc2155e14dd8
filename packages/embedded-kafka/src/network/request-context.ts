import type { Cluster } from '../cluster/cluster.ts'
import type { ErrorName } from '../protocol/error-codes.ts'

/** What a handler knows about the request besides its fields. */
export interface RequestContext {
  readonly cluster: Cluster
  /** The broker that was asked. */
  readonly brokerId: number
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  /** Aborted when the connection is gone and nobody waits for the answer any more. */
  readonly gone: AbortSignal
  /**
   * Answers for one topic or partition of the request, unless a fault is staged for it.
   * A fault may refuse before anything is done, or do everything and say that it failed.
   */
  staged<T>(topic: string, partition: number | undefined, refuse: (error: ErrorName) => T, answer: () => T): T
}
