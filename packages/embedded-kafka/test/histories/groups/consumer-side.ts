/** A cluster whose group of the newer protocol a history is about. */
import { errorCodes } from '../../../src/protocol/error-codes.ts'
import { type BeatAnswer, Beats, joining } from '../../differential/beats.ts'
import { Pseudonyms } from '../../differential/comparable.ts'
import { type Seat, Side } from './side.ts'
import { partitions, topicIn } from './topic.ts'

/** What a member says that it owns; null where it says nothing. */
export type Owned = 'told' | 'nothing' | 'everything' | null

export interface Beat {
  readonly memberId: string
  readonly instanceId: string | null
  readonly memberEpoch: number
  readonly owned: Owned
  /** Null: as before. */
  readonly subscribed: readonly string[] | null
  readonly hasTimeout: boolean
}

interface Described {
  readonly groups: readonly { readonly groupEpoch: number; readonly assignmentEpoch: number }[]
}

export class ConsumerSide extends Side {
  readonly topic: string
  readonly #topicId: string
  readonly #epochs = new Map<string, number>()
  readonly #told = new Map<string, BeatAnswer['assignment']>()

  private constructor(seat: Seat, topic: string, topicId: string) {
    super(seat, new Pseudonyms())
    this.topic = topic
    this.#topicId = topicId
  }

  static async of(address: string, suffix: string): Promise<ConsumerSide> {
    const seat = await Side.seat(address, suffix)
    await Beats.of(seat.session, await seat.session.connect(), seat.name)
    const topic = await topicIn(address)
    return new ConsumerSide(seat, topic, await seat.session.topicId(topic))
  }

  epochOf(memberId: string): number {
    return this.#epochs.get(memberId) ?? 0
  }

  async beat({ memberId, instanceId, memberEpoch, owned, subscribed, hasTimeout }: Beat): Promise<BeatAnswer> {
    const answer = await this.observe<BeatAnswer>('ConsumerGroupHeartbeat', 1, {
      groupId: this.groupId,
      memberId,
      instanceId,
      memberEpoch,
      rebalanceTimeoutMs: hasTimeout ? joining.rebalanceTimeoutMs * 10 : -1,
      subscribedTopicNames: subscribed,
      topicPartitions: this.#said(memberId, owned),
    })
    if (answer.errorCode !== errorCodes.NONE) return answer
    if (answer.memberEpoch >= 0) this.#epochs.set(memberId, answer.memberEpoch)
    if (answer.assignment || memberEpoch <= 0) this.#told.set(memberId, answer.assignment)
    return answer
  }

  /** Kafka assigns behind its answer, this broker before: after a while a member has got there by either way. */
  async converge(beat: Beat): Promise<BeatAnswer> {
    let before: unknown
    for (;;) {
      const full = { memberEpoch: this.epochOf(beat.memberId), owned: 'told', hasTimeout: true } as const
      const answer = await this.beat({ ...beat, ...full })
      const now = JSON.stringify([answer.errorCode, answer.memberEpoch, answer.assignment])
      if (now === before) return answer
      before = now
    }
  }

  /** How far the group and its assignment are. */
  async epochs(): Promise<string> {
    const { groups } = await this.observe<Described>('ConsumerGroupDescribe', 1, { groupIds: [this.groupId] })
    return `${groups[0]?.groupEpoch} ${groups[0]?.assignmentEpoch}`
  }

  override comparable(fact: unknown): unknown {
    return super.comparable(counted(fact))
  }

  #said(memberId: string, owned: Owned) {
    if (owned === null) return null
    if (owned === 'told') return this.#told.get(memberId)?.topicPartitions ?? []
    if (owned === 'nothing') return []
    return [{ topicId: this.#topicId, partitions: Array.from({ length: partitions }, (_, index) => index) }]
  }
}

/** How many partitions instead of which. */
function counted(fact: unknown): unknown {
  if (Array.isArray(fact)) return fact.every(Number.isInteger) ? `${fact.length} of them` : fact.map(counted)
  if (typeof fact !== 'object' || fact === null) return fact
  return Object.fromEntries(Object.entries(fact).map(([name, value]) => [name, counted(value)]))
}
