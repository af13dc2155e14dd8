import type { Cluster } from '../cluster/cluster.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { Session } from '../security/session.ts'

/** What a handler knows about the request besides its fields. */
export interface RequestContext {
  readonly cluster: Cluster
  /** The broker that was asked. */
  readonly brokerId: number
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  /** Who is at the other end, and how it says so. */
  readonly session: Session
  /** Whether the client may do with this topic what the request wants; where it asks for all, whether it may know of it. */
  sees(topic: string): boolean
  /** Parts of the answer that are not sent, where a fault is staged for that. */
  readonly leftOut: ReadonlySet<unknown> | undefined
  /** Aborted when the connection is gone and nobody waits for the answer any more. */
  readonly gone: AbortSignal
  /**
   * Answers for one topic or partition of the request, unless the client may not touch it or a fault is staged for it.
   * A fault may refuse before anything is done, or do everything and say that it failed.
   */
  staged<T>(topic: string, partition: number | undefined, refuse: (error: ErrorName) => T, answer: () => T): T
}
