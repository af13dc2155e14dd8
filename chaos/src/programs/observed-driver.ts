import type { Driver, GroupListener, TopicPartition } from '@tributary/event-bus'
import type { Journal } from '../journal/journal.ts'
import type { MemberLine } from '../journal/lines.ts'

/** The driver, with what it and the engine say to each other about the partitions of `topic` written into a journal. It changes nothing. */
export function observedDriver(driver: Driver, topic: string, journal: Journal<MemberLine>): Driver {
  const note = (what: 'revoking' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void => {
    for (const each of partitions) if (each.topic === topic) journal.note({ what, partition: each.partition })
  }
  const observed = (listener: GroupListener): GroupListener => ({
    async onAssigned(partitions) {
      const starts = await listener.onAssigned(partitions)
      for (const { topic: of, partition, position } of starts)
        if (of === topic) journal.note({ what: 'assigned', partition, position: Number(position) })
      return starts
    },
    async onRevoking(partitions, signal) {
      note('revoking', partitions)
      await listener.onRevoking(partitions, signal)
      note('revoked', partitions)
    },
    onLost(partitions) {
      listener.onLost(partitions)
      note('lost', partitions)
    },
    onChunk: (chunk) => listener.onChunk(chunk),
    onFailed: (error) => listener.onFailed(error),
  })
  return {
    ...driver,
    joinGroup(options, listener) {
      const consumer = driver.joinGroup(options, observed(listener))
      const commit = consumer.commit.bind(consumer)
      return Object.assign(consumer, {
        commit: async (requests: Parameters<typeof commit>[0]) => {
          const results = await commit(requests)
          for (const [index, { topic: of, partition, outcome }] of results.entries()) {
            const nextOffset = Number(requests[index]?.nextOffset ?? 0n)
            if (of === topic) journal.note({ what: 'commit', partition, nextOffset, outcome })
          }
          return results
        },
      })
    },
  }
}
