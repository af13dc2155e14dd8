/** Heartbeats of one group of the newer protocol, by hand. */
import { errorCodes } from '../../src/protocol/error-codes.ts'
import type { RawClient } from '../support/raw-client.ts'
import { type Session, until } from './session.ts'

export interface BeatAnswer {
  readonly errorCode: number
  readonly memberEpoch: number
  readonly assignment: { readonly topicPartitions: readonly { topicId: string; partitions: number[] }[] } | null
}

/** Fields of the request; the group and the epoch are filled in. */
interface Beat {
  readonly memberId: string
  readonly [field: string]: unknown
}

export const joining = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] }

/** A member goes on from the epoch that it was told last, unless it says another. */
export class Beats {
  readonly groupId: string
  readonly #session: Session
  readonly #client: RawClient
  readonly #epochs = new Map<string, number>()

  constructor(session: Session, client: RawClient, groupId: string) {
    this.#session = session
    this.#client = client
    this.groupId = groupId
  }

  /** Kafka assigns at most once a second where it is not told otherwise. */
  static async of(session: Session, client: RawClient, name: string): Promise<Beats> {
    const groupId = await session.findGroup(name)
    const configs = [{ name: 'consumer.assignment.interval.ms', configOperation: 0, value: '0' }]
    const resources = [{ resourceType: 32, resourceName: groupId, configs }]
    await client.ask('IncrementalAlterConfigs', 1, { resources })
    return new Beats(session, client, groupId)
  }

  /**
   * A real coordinator hears of a topic a moment after the leaders of its partitions serve it, and assigns none of them to who joins before. So a member of
   * this group, whose coordinator it is about, is sent ahead; the group is deleted after it, and begins anew.
   */
  async createTopic(name: string, numPartitions: number): Promise<string> {
    const topic = await this.#session.createTopic(name, numPartitions)
    const scout = { groupId: this.groupId, memberId: 'scout' }
    await until(async () => {
      const wish = { ...scout, ...joining, subscribedTopicNames: [topic] }
      const { assignment } = await this.#client.ask<BeatAnswer>('ConsumerGroupHeartbeat', 1, wish)
      await this.#client.ask('ConsumerGroupHeartbeat', 1, { ...scout, memberEpoch: -1 })
      await this.#client.ask('DeleteGroups', 2, { groupsNames: [this.groupId] })
      return (assignment?.topicPartitions ?? []).length > 0
    })
    return topic
  }

  async ask(over: Beat): Promise<BeatAnswer> {
    const { memberId } = over
    const asked = { groupId: this.groupId, memberEpoch: this.#epochs.get(memberId) ?? 0, ...over }
    const answer = await this.#client.ask<BeatAnswer>('ConsumerGroupHeartbeat', 1, asked)
    if (answer.errorCode === errorCodes.NONE) this.#epochs.set(memberId, answer.memberEpoch)
    return answer
  }

  record(what: string, over: Beat): Promise<BeatAnswer> {
    return this.#session.record(what, this.ask(over))
  }

  epochOf(memberId: string): number {
    return this.#epochs.get(memberId) ?? 0
  }

  /** Not recorded: Kafka assigns in the background, and answers before it has. Ends when it has. */
  async unsettle(over: Beat): Promise<BeatAnswer> {
    const answer = await this.ask(over)
    await until(async () => (await this.state()) !== 'Assigning')
    return answer
  }

  async state(): Promise<string | undefined> {
    const { groups } = await this.#client.ask<{ groups: { groupState: string }[] }>('ConsumerGroupDescribe', 1, {
      groupIds: [this.groupId],
    })
    return groups[0]?.groupState
  }

  describe(what: string, version = 1): Promise<unknown> {
    const asked = { groupIds: [this.groupId], includeAuthorizedOperations: version > 0 }
    return this.#session.record(what, this.#client.ask('ConsumerGroupDescribe', version, asked))
  }
}
