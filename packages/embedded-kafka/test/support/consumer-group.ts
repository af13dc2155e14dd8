/** A group of the newer protocol on a clock that stands still, and clients that talk to it without a network. */
import { SystemClock } from '../../src/cluster/clock.ts'
import { CommittedOffsets } from '../../src/groups/committed-offsets.ts'
import { ConsumerGroup } from '../../src/groups/consumer/consumer-group.ts'
import { GroupRefusal } from '../../src/groups/consumer/group-refusal.ts'
import type { Heartbeat, HeartbeatAnswer } from '../../src/groups/consumer/heartbeat.ts'
import { keysOf, listed, type PartitionKey } from '../../src/groups/consumer/partition-key.ts'

export const sessionTimeoutMs = 45_000

/** Topics by name and number of partitions; their ids are their names. */
class FakeTopics {
  readonly counts = new Map<string, number>()
  topicsVersion = 0

  set(name: string, partitions: number): void {
    this.counts.set(name, partitions)
    this.topicsVersion += 1
  }

  delete(name: string): void {
    this.counts.delete(name)
    this.topicsVersion += 1
  }

  get topics() {
    return [...this.counts.keys()].map((name) => ({ name, id: name, partitions: this.#partitions(name) }))
  }

  topic(name: string) {
    return this.topics.find((topic) => topic.name === name)
  }

  #partitions(name: string): readonly unknown[] {
    return Array.from({ length: this.counts.get(name) ?? 0 })
  }
}

export function consumerGroup(topics: Record<string, number> = { t: 4 }) {
  const clock = new SystemClock(Date.UTC(2026, 0, 1))
  const source = new FakeTopics()
  for (const [name, count] of Object.entries(topics)) source.set(name, count)
  const group = new ConsumerGroup(
    'orders',
    { clock, topics: source, heartbeatIntervalMs: 5_000, sessionTimeoutMs },
    new CommittedOffsets(),
  )
  return { clock, topics: source, group }
}

/** As clients are: it has what it was given, gives back what it was told to when it gets round to it, and says so then. */
export class GroupClient {
  readonly id: string
  readonly #group: ConsumerGroup
  readonly #over: Partial<Heartbeat>
  epoch = 0
  owned = new Set<PartitionKey>()
  #assigned = new Set<PartitionKey>()
  #missedAnswer = false

  constructor(group: ConsumerGroup, id: string, over: Partial<Heartbeat> = {}) {
    this.#group = group
    this.id = id
    this.#over = over
  }

  /** Says everything, as on a first heartbeat, and owns nothing any more. */
  join(): HeartbeatAnswer {
    this.epoch = 0
    this.owned.clear()
    return this.#hear(this.#say({ ...this.#everything, memberEpoch: 0, owned: [] }))
  }

  /** Says what it owns. Whoever is refused joins anew. */
  beat(over: Partial<Heartbeat> = {}): HeartbeatAnswer {
    try {
      const what = this.#missedAnswer ? { ...this.#everything, owned: listed(this.owned) } : over
      return this.#hear(this.#say({ owned: listed(this.owned), ...what }))
    } catch (error) {
      if (error instanceof GroupRefusal) return this.join()
      throw error
    }
  }

  /**
   * The answer does not arrive. The next heartbeat says everything, to be told everything. It has finished before what it
   * was told: one that says it owns nothing, and takes what it was given earlier after that, is beyond any coordinator.
   */
  beatInVain(): void {
    this.adopt()
    this.#missedAnswer = true
    try {
      this.#say({ owned: listed(this.owned) })
    } catch (error) {
      if (!(error instanceof GroupRefusal)) throw error
    }
  }

  /** Gives back what it may no longer use, and begins to use what is new. */
  adopt(): void {
    this.owned = new Set(this.#assigned)
  }

  /** Beats and does what it is told, at once. */
  go(): void {
    this.beat()
    this.adopt()
  }

  leave(memberEpoch = -1): void {
    this.#group.leave({ memberId: this.id, memberEpoch, instanceId: this.#over.instanceId ?? null })
    this.owned.clear()
  }

  get #everything(): Partial<Heartbeat> {
    return { rebalanceTimeoutMs: 60_000, topicNames: ['t'], ...this.#over }
  }

  #say(over: Partial<Heartbeat>): HeartbeatAnswer {
    return this.#group.heartbeat({
      memberId: this.id,
      memberEpoch: this.epoch,
      instanceId: this.#over.instanceId ?? null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      topicNames: null,
      topicRegex: null,
      assignor: null,
      owned: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      sees: this.#over.sees ?? (() => true),
      ...over,
    })
  }

  #hear(answer: HeartbeatAnswer): HeartbeatAnswer {
    this.epoch = answer.memberEpoch
    this.#missedAnswer = false
    if (answer.assignment) this.#assigned = keysOf(answer.assignment)
    return answer
  }
}
