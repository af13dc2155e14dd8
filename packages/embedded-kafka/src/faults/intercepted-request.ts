import type { ApiName } from '../api/catalogue.ts'
import type { Subject } from '../protocol/api.ts'

/** A request that a fault hits, as the action of a `run` is told of it. */
export interface InterceptedRequest {
  readonly api: ApiName
  /** The version of the API in which the client speaks. */
  readonly version: number
  /** The node id of the broker that was asked. */
  readonly broker: number
  readonly clientId: string
  /** The topics, partitions, groups or transactional ids that it is about. */
  subjects(): readonly Subject[]
}
