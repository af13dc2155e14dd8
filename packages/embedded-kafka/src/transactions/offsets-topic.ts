/** Where groups would keep their offsets in Kafka. Here they are kept elsewhere; transactions name the place all the same. */

export const offsetsTopic = '__consumer_offsets'
const partitions = 50

/** The partition of the offsets topic that a group would have: by Java's hash of its name, as everywhere in Kafka. */
export function offsetsPartitionOf(groupId: string): number {
  let hash = 0
  for (let index = 0; index < groupId.length; index++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(index)) | 0
  return (hash & 0x7fffffff) % partitions
}
