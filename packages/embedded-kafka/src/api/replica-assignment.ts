import type { Cluster } from '../cluster/cluster.ts'

/** What is wrong with replicas that an administrator chose by hand, if anything. */
export function assignmentFault(assignment: readonly (readonly number[])[], cluster: Cluster): string | undefined {
  const known = new Set(cluster.brokers.map(({ id }) => id))
  for (const replicas of assignment) {
    if (replicas.length === 0) return 'A partition was assigned to no replica.'
    if (new Set(replicas).size !== replicas.length) return `Duplicate replicas: ${replicas.join(',')}`
    const stranger = replicas.find((id) => !known.has(id))
    if (stranger !== undefined) return `Broker ${stranger} is not registered.`
    if (replicas.length !== assignment[0]?.length) return 'All partitions must have the same number of replicas.'
  }
  return undefined
}
