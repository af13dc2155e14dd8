/** Who leads a partition now, told along with the error to a client that asked another broker (KIP-951): it need not ask again. */
import type { Cluster } from '../cluster/cluster.ts'
import { struct } from '../protocol/composites.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { type Input, optional } from '../protocol/field-type.ts'
import { int32, nullableString, string } from '../protocol/fields.ts'

const leader = { leaderId: optional(int32, -1), leaderEpoch: optional(int32, -1) }

export const currentLeader = struct(leader)

export const nodeEndpoint = { nodeId: int32, host: string, port: int32, rack: optional(nullableString, null) }

/** The field `currentLeader` for that error, or nothing where it does not help. */
export function leaderHint(
  error: ErrorName,
  topic: string,
  partition: number,
  cluster: Cluster,
): { currentLeader?: Input<typeof leader> } {
  if (error !== 'NOT_LEADER_OR_FOLLOWER' && error !== 'FENCED_LEADER_EPOCH') return {}
  const found = cluster.partition(topic, partition)
  return found ? { currentLeader: { leaderId: found.leader, leaderEpoch: found.leaderEpoch } } : {}
}

/** Where the leaders that were told can be reached. */
export function endpointsOf(
  hints: readonly { currentLeader?: Input<typeof leader> }[],
  cluster: Cluster,
): { nodeEndpoints?: Input<typeof nodeEndpoint>[] } {
  const ids = new Set(hints.flatMap(({ currentLeader: hint }) => hint?.leaderId ?? []))
  if (ids.size === 0) return {}
  const known = cluster.liveBrokers.filter(({ id }) => ids.has(id))
  return { nodeEndpoints: known.map(({ id, host, port }) => ({ nodeId: id, host, port })) }
}
