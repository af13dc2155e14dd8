/** How requests refer to topics: by name, and in the newest versions of some APIs by id. */
import type { Cluster } from '../cluster/cluster.ts'
import { zeroUuid } from '../protocol/fields.ts'

/**
 * The name of the topic that is meant; undefined for an id that nobody has. A name need not be known.
 *
 * @param isById - the request has ids and no names: one that is all zero is nobody's.
 */
export function topicName(name: string, topicId: string, cluster: Cluster, isById = false): string | undefined {
  return topicId === zeroUuid && !isById ? name : cluster.topicById(topicId)?.name
}
