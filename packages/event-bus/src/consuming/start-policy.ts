import type { Clock } from '../clock.ts'
import type { Driver } from '../driver.ts'
import type { Logger } from '../logger.ts'
import type { SubscriptionDefinition } from './definition/subscription-definition.ts'

export interface StartPolicyOptions {
  readonly driver: Driver
  readonly definition: SubscriptionDefinition
  readonly clientId: string
  readonly logger: Logger
  readonly clock: Clock
  /** Whether nobody needs to know any more. */
  readonly isClosing: () => boolean
}

/** Wait before the group's offsets are asked for again, in milliseconds. */
const ASK_AGAIN_MS = 1_000

/**
 * Where partitions begin for which the group has committed nothing. `latest` is meant for a group's first start only: a partition that was added to a topic
 * which the group reads already begins at its first record, and so do redrive and retry topics, whose records were written for this group.
 */
export function createStartPolicy(options: StartPolicyOptions): (topic: string) => Promise<'earliest' | 'latest'> {
  const { driver, definition, clientId, logger, clock, isClosing } = options
  if (definition.startFrom === 'earliest') return () => Promise.resolve('earliest')

  return async (topic) => {
    if (!definition.topics.includes(topic)) return 'earliest'
    const admin = driver.createAdmin({ clientId })
    try {
      while (!isClosing()) {
        try {
          const committed = await admin.committed(definition.group, topic)
          return committed.length === 0 ? 'latest' : 'earliest'
        } catch (err) {
          // Guessing would skip records or repeat a whole topic; the partition waits instead.
          logger.warn({ err, topic }, 'cannot read committed offsets, trying again')
          await new Promise<void>((resolve) => void clock.setTimer(resolve, ASK_AGAIN_MS))
        }
      }
      return 'earliest'
    } finally {
      await admin.close()
    }
  }
}
