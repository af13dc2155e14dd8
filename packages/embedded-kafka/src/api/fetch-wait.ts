import type { RequestContext } from '../network/request-context.ts'
import { topicName } from './topic-reference.ts'

interface Wanted {
  readonly maxWaitMs: number
  readonly topics: readonly {
    readonly topic: string
    readonly topicId: string
    readonly partitions: readonly { readonly partition: number }[]
  }[]
}

/** Waits for the partitions of a fetch to change: no polling, one timer for each long poll. */
export function watchPartitions(wanted: Wanted, { cluster, gone }: RequestContext) {
  let changed = Promise.withResolvers<void>()
  let isOver = false
  const wake = (): void => changed.resolve()
  const over = (): void => {
    isOver = true
    wake()
  }
  const unwatch = wanted.topics.flatMap(({ topic: sentName, topicId, partitions }) => {
    const topic = topicName(sentName, topicId, cluster) ?? ''
    return partitions.map(({ partition }) => cluster.partition(topic, partition)?.log.watch(wake))
  })
  const cancelTimer = cluster.clock.schedule(wanted.maxWaitMs, over)
  gone.addEventListener('abort', over, { once: true })
  return {
    /** Time is up, or nobody waits any more. */
    isOver: () => isOver,
    async next(): Promise<void> {
      await changed.promise
      changed = Promise.withResolvers()
    },
    end(): void {
      cancelTimer()
      gone.removeEventListener('abort', over)
      for (const stop of unwatch) stop?.()
    },
  }
}
