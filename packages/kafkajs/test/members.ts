import type {
  Chunk,
  Driver,
  DriverConsumer,
  GroupListener,
  GroupOptions,
  RawRecord,
  TopicPartition,
} from '@tributary/event-bus'
import { expect } from 'vitest'

/** One member whose listener starts at the committed offset, or at the beginning, and writes down what it hears. */
export interface Member {
  readonly consumer: DriverConsumer
  readonly chunks: Chunk[]
  readonly epochs: Map<number, number>
  readonly heard: string[]
  failure: Error | null
  records(): RawRecord[]
  values(): string[]
  /** Waits for a fact; says what was seen when it does not come. */
  until(fact: () => boolean, timeoutMs?: number): Promise<void>
  /** Commits everything received of these partitions. */
  commit(...partitions: number[]): Promise<string[]>
}

const defaults: Omit<GroupOptions, 'group' | 'topics'> = {
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 100,
  rebalanceTimeoutMs: 8_000,
  drainMs: 1_000,
  maxWaitMs: 500,
  maxBytes: 4_000_000,
  maxBytesPerPartition: 1_000_000,
}

export function join(
  driver: Driver,
  topic: string,
  options: Partial<GroupOptions> & {
    clientId?: string
    onChunk?: (chunk: Chunk) => void
    revoking?: GroupListener['onRevoking']
  } = {},
): Member {
  const { onChunk, revoking, ...group } = options
  const note = (what: string, partitions: readonly TopicPartition[]): void => {
    member.heard.push(
      `${what} ${partitions
        .map(({ partition }) => partition)
        .toSorted()
        .join()}`,
    )
  }
  const member: Member = {
    chunks: [],
    epochs: new Map(),
    heard: [],
    failure: null,
    records: () => member.chunks.flatMap(({ records }) => [...records]),
    values: () => member.records().map(({ value }) => String(value)),
    until: async (fact, timeoutMs = 8_000) => {
      const deadline = performance.now() + timeoutMs
      while (!fact()) {
        if (performance.now() > deadline)
          expect.fail(`it did not happen; heard: ${member.heard.join('; ')}; records: ${member.values().length}`)
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
    },
    commit: async (...partitions) => {
      const requests = partitions.map((partition) => ({
        topic,
        partition,
        epoch: member.epochs.get(partition) ?? -1,
        nextOffset: member.chunks.findLast((chunk) => chunk.partition === partition)?.nextPosition ?? 0n,
        metadata: '',
      }))
      return (await member.consumer.commit(requests)).map(({ outcome }) => outcome)
    },
    consumer: driver.joinGroup(
      { clientId: 'member', group: 'group', topics: [topic], ...defaults, ...group },
      {
        async onAssigned(partitions) {
          note('assigned', partitions)
          for (const { partition, epoch } of partitions) member.epochs.set(partition, epoch)
          return partitions.map((each) => ({ ...each, position: each.committed?.nextOffset ?? each.logStartOffset }))
        },
        async onRevoking(partitions, signal) {
          note('revoking', partitions)
          await (revoking?.(partitions, signal) ?? member.commit(...partitions.map(({ partition }) => partition)))
        },
        onLost: (partitions) => note('lost', partitions),
        onChunk(chunk) {
          member.chunks.push(chunk)
          onChunk?.(chunk)
        },
        onFailed(error) {
          member.failure = error
        },
      },
    ),
  }
  return member
}
