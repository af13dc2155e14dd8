import type { ApiName } from '../api/catalogue.ts'
import type { Subject } from '../protocol/api.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { type Needs, needs } from './operations.ts'
import type { Access, Authorize } from './options.ts'

/** What one request of one client may do. */
export class Authorization {
  readonly #authorize: Authorize
  readonly #needs: Needs
  readonly #who: Pick<Access, 'principal' | 'host'>

  constructor(authorize: Authorize, api: string, who: Pick<Access, 'principal' | 'host'>) {
    this.#authorize = authorize
    this.#needs = needs[api as ApiName]
    this.#who = who
  }

  /** The error of the first group or transactional id, or of the cluster, that the client may not touch as this request wants to. */
  refusal(subjects: readonly Subject[]): ErrorName | undefined {
    const { cluster, group, transactionalId } = this.#needs
    const transactionalIds = subjects.flatMap((subject) => subject.transactionalId || [])
    const asksForId = transactionalId !== undefined && transactionalIds.length > 0
    if (asksForId && !transactionalIds.every((name) => this.#allows(transactionalId, 'transactional-id', name)))
      return 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'
    const isBarred = !asksForId && cluster !== undefined && !this.#allows(cluster, 'cluster', 'kafka-cluster')
    if (isBarred) return 'CLUSTER_AUTHORIZATION_FAILED'
    if (group === undefined) return undefined
    const groups = new Set(subjects.map((subject) => subject.group ?? '').filter((name) => name !== ''))
    return [...groups].every((name) => this.#allows(group, 'group', name)) ? undefined : 'GROUP_AUTHORIZATION_FAILED'
  }

  /** Whether the client may do with this topic what the request wants. */
  allowsTopic(name: string): boolean {
    const operation = this.#needs.topic
    return operation === undefined || this.#allows(operation, 'topic', name)
  }

  #allows(operation: Access['operation'], resource: Access['resource'], name: string): boolean {
    return this.#authorize({ ...this.#who, operation, resource, name })
  }
}
