import {
  type CommittedOffset,
  GroupHasMembersError,
  type PartitionOffsets,
  type TopicPartition,
} from '@tributary/event-bus'
import { offsetCommit, offsetFetch } from '../wire/apis.ts'
import type { Cluster } from '../wire/cluster.ts'
import { code, throwOnCode } from '../wire/failures.ts'
import { byTopic, logEnds } from '../wire/list-offsets.ts'
import type { Patience } from './patience.ts'

/** A generation and member that stand for "no member": accepted for a group that has none. */
const NO_GENERATION = -1

/** What a coordinator says to nobody in particular when the group has members. */
const codesOfMembers: ReadonlySet<number> = new Set([
  code.unknownMemberId,
  code.rebalanceInProgress,
  code.illegalGeneration,
])

/** Where logs begin and end, and how far groups have come. */
export class OffsetAdmin {
  readonly #cluster: Cluster
  readonly #patience: Patience

  constructor(cluster: Cluster, patience: Patience) {
    this.#cluster = cluster
    this.#patience = patience
  }

  async ofLog(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#patience.retry(async () => {
      await this.#cluster.refresh([topic])
      const known = this.#cluster.topic(topic)
      throwOnCode(known?.errorCode ?? code.unknownTopicOrPartition, `topic ${topic}`)
      const partitions = (known?.leaders ?? []).map((_, partition) => ({ topic, partition }))
      const ends = await logEnds(this.#cluster, partitions)
      return partitions.map((partition, index) => {
        const end = ends[index]
        if (end instanceof Error || end === undefined) throw end ?? new TypeError(`no offsets of ${topic}`)
        return { ...partition, ...end }
      })
    })
  }

  async committed(group: string, topic: string): Promise<readonly (TopicPartition & CommittedOffset)[]> {
    return this.#patience.retry(async () => {
      await this.#cluster.refresh([topic])
      const leaders = this.#cluster.topic(topic)?.leaders ?? []
      if (leaders.length === 0) return []
      const link = await this.#cluster.coordinatorLink(group, 'commit')
      const partitions = leaders.map((_, partition) => ({ partition }))
      const answer = await link.call(
        offsetFetch,
        { groupId: group, topics: [{ topic, partitions }] },
        this.#cluster.settings.requestTimeoutMs,
      )
      this.#throwOnGroupCode(group, answer.errorCode)
      return answer.responses.flatMap((response) =>
        response.partitions.flatMap(({ partition, offset, metadata, errorCode }) => {
          this.#throwOnGroupCode(group, errorCode)
          return offset === '-1' ? [] : [{ topic, partition, nextOffset: BigInt(offset), metadata: metadata ?? '' }]
        }),
      )
    })
  }

  async setCommitted(group: string, offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    if (offsets.length === 0) return
    const topics = byTopic(offsets, ({ partition, nextOffset, metadata }) => ({
      partition,
      offset: String(nextOffset),
      metadata,
    }))
    const hasMembers = await this.#patience.retry(async () => {
      const link = await this.#cluster.coordinatorLink(group, 'commit')
      const answer = await link.call(
        offsetCommit,
        { groupId: group, groupGenerationId: NO_GENERATION, memberId: '', topics },
        this.#cluster.settings.requestTimeoutMs,
      )
      const codes = answer.responses.flatMap((response) => response.partitions.map(({ errorCode }) => errorCode))
      if (codes.some((errorCode) => codesOfMembers.has(errorCode))) return true
      for (const errorCode of codes) this.#throwOnGroupCode(group, errorCode)
      return false
    })
    // Out here, where nothing is tried again: members may stay for days, and who asks had better know at once.
    if (hasMembers)
      throw new GroupHasMembersError(`group ${group} has members: stop them before its offsets are set from outside`)
  }

  #throwOnGroupCode(group: string, errorCode: number): void {
    if (errorCode === code.notCoordinator || errorCode === code.coordinatorNotAvailable)
      this.#cluster.forgetCoordinator(group)
    throwOnCode(errorCode, `group ${group}`)
  }
}
