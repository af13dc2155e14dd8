import type { Driver } from '../driver.ts'
import { RetentionTooShortError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { retentionMargin } from '../topic-plan.ts'
import type { SubscriptionDefinition } from './definition/subscription-definition.ts'

/**
 * Warns where the source topics keep records for too short a time: followers of a waiting key are read again from there. Only a warning, because who runs the
 * service may not own the topic. Never rejects.
 */
export async function warnOfShortRetention(
  { group, topics, onFailure }: SubscriptionDefinition,
  { driver, clientId, logger }: { driver: Driver; clientId: string; logger: Logger },
): Promise<void> {
  const neededMs = onFailure.maxAgeMs * retentionMargin
  const admin = driver.createAdmin({ clientId })
  for (const topic of topics) {
    try {
      const retentionMs = retentionOf(await admin.topicConfigs(topic))
      if (retentionMs >= neededMs) continue
      const err = new RetentionTooShortError(
        `topic '${topic}' keeps records for ${retentionMs} ms, and group '${group}' may wait ${onFailure.maxAgeMs} ms for one (onFailure.maxAgeMs): at least ${retentionMargin} times that is needed, or records that wait behind it expire unhandled. Raise retention.ms of the topic to ${neededMs}, or lower maxAgeMs.`,
      )
      logger.warn({ topic, code: err.code, err }, err.message)
    } catch (err) {
      // Nobody is allowed to read configurations everywhere.
      logger.debug({ topic, err }, 'retention of the topic is not known')
    }
  }
  await admin.close().catch(() => {})
}

/** In milliseconds; infinite where time removes nothing. */
function retentionOf(configs: ReadonlyMap<string, string>): number {
  const isDeleting = (configs.get('cleanup.policy') ?? 'delete').includes('delete')
  const retentionMs = Number(configs.get('retention.ms') ?? -1)
  return isDeleting && retentionMs >= 0 ? retentionMs : Number.POSITIVE_INFINITY
}
