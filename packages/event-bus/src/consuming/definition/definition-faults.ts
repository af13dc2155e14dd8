import { failurePolicyFaults } from '../../failing/failure-policy.ts'
import { type BatchRegistration, isOfBatches } from './batch-handler.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'

/** Longest time a commit may take: the drivers' request timeout. A drain must leave room for it before the group's patience ends. */
export const COMMIT_TIMEOUT_MS = 10_000

/** Everything about a subscription that cannot work, in words; empty when all is well. */
export function definitionFaults(definition: SubscriptionDefinition): string[] {
  return [
    ...nameFaults(definition),
    ...handlerFaults(definition),
    ...numberFaults(definition),
    ...deadlineFaults(definition),
    ...rateFaults(definition),
    ...definition.on.filter(isOfBatches).flatMap((registration) => batchFaults(registration, definition)),
    ...failurePolicyFaults(definition.onFailure),
  ]
}

function nameFaults({ group, session }: SubscriptionDefinition): string[] {
  const faults: string[] = []
  // Kafka takes any text; but the group is part of topic names, where another character could only be shown as something else.
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(group)) {
    faults.push('group must be 1 to 200 letters, digits, dots, underscores or hyphens: it is part of topic names')
  }
  if (session.instanceId !== undefined && !/^[A-Za-z0-9._-]{1,249}$/.test(session.instanceId)) {
    faults.push('session.instanceId must be 1 to 249 letters, digits, dots, underscores or hyphens')
  }
  return faults
}

function handlerFaults({ on }: SubscriptionDefinition): string[] {
  const faults: string[] = []
  if (on.length === 0) faults.push('on: no handler given; add handle(event, fn)')
  const seen = new Set<string>()
  for (const registration of on) {
    const { event } = registration
    const handler = isOfBatches(registration) ? registration.handleBatch : registration.handle
    if (typeof handler !== 'function') faults.push(`on: the handler for '${event.type}' is not a function`)
    if (seen.has(event.type)) faults.push(`on: two handlers for '${event.type}'; a group handles each event once`)
    seen.add(event.type)
  }
  return faults
}

function numberFaults({ concurrency, attempt, limits, commit, drainMs, fetch }: SubscriptionDefinition): string[] {
  const counts: Record<string, number> = {
    concurrency,
    'attempt.maxAbandoned': attempt.maxAbandoned,
    'limits.maxRecordsPerPartition': limits.maxRecordsPerPartition,
    'limits.maxBytesPerPartition': limits.maxBytesPerPartition,
    'limits.maxParkedPerPartition': limits.maxParkedPerPartition,
    'limits.maxUncommittedPerPartition': limits.maxUncommittedPerPartition,
    'commit.maxSettled': commit.maxSettled,
    'fetch.maxBytes': fetch.maxBytes,
    'fetch.maxBytesPerPartition': fetch.maxBytesPerPartition,
  }
  const durations: Record<string, number> = {
    'attempt.deadlineMs': attempt.deadlineMs,
    'attempt.abandonAfterMs': attempt.abandonAfterMs,
    'commit.intervalMs': commit.intervalMs,
    drainMs,
    'fetch.maxWaitMs': fetch.maxWaitMs,
  }
  const faults: string[] = []
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1)
      faults.push(`${name} must be a whole number of at least 1, got ${value}`)
  }
  for (const [name, value] of Object.entries(durations)) {
    if (!Number.isFinite(value) || value < 0) faults.push(`${name} must be a number of milliseconds, got ${value}`)
  }
  if (attempt.deadlineMs <= 0) faults.push('attempt.deadlineMs must be more than 0')
  return faults
}

function rateFaults({ rate }: SubscriptionDefinition): string[] {
  if (rate === null) return []
  const faults: string[] = []
  if (!(Number.isFinite(rate.perSecond) && rate.perSecond > 0)) {
    faults.push(`rate.perSecond must be more than 0, got ${rate.perSecond}`)
  }
  if (!(Number.isSafeInteger(rate.burst) && rate.burst >= 1)) {
    faults.push(`rate.burst must be a whole number of at least 1, got ${rate.burst}`)
  }
  return faults
}

function batchFaults({ event, batch }: BatchRegistration, { order, limits }: SubscriptionDefinition): string[] {
  const faults: string[] = []
  const of = `of the batches of '${event.type}'`
  if (!(Number.isSafeInteger(batch.maxRecords) && batch.maxRecords >= 1)) {
    faults.push(`maxRecords ${of} must be a whole number of at least 1, got ${batch.maxRecords}`)
  } else if (batch.maxRecords > limits.maxRecordsPerPartition) {
    faults.push(
      `maxRecords ${of} (${batch.maxRecords}) must not be more than limits.maxRecordsPerPartition (${limits.maxRecordsPerPartition}): it would never be reached`,
    )
  }
  if (!(Number.isFinite(batch.maxWaitMs) && batch.maxWaitMs >= 0)) {
    faults.push(`maxWaitMs ${of} must be a number of milliseconds, got ${batch.maxWaitMs}`)
  }
  if (batch.by === 'key' && order === 'none') {
    faults.push(
      `by: 'key' ${of} needs order 'key' or 'partition': without order, two batches of a key would run at once`,
    )
  }
  return faults
}

/** Deadlines that contradict each other: nobody would notice before the first rebalance under load. */
function deadlineFaults({ drainMs, session }: SubscriptionDefinition): string[] {
  const faults: string[] = []
  const handOverMs = drainMs + COMMIT_TIMEOUT_MS
  if (!(handOverMs < session.rebalanceTimeoutMs)) {
    faults.push(
      `drainMs (${drainMs}) and a commit (${COMMIT_TIMEOUT_MS}) must fit into session.rebalanceTimeoutMs (${session.rebalanceTimeoutMs})`,
    )
  }
  if (!(session.heartbeatIntervalMs > 0 && session.heartbeatIntervalMs * 3 <= session.sessionTimeoutMs)) {
    faults.push(
      `session.heartbeatIntervalMs (${session.heartbeatIntervalMs}) must be at most a third of session.sessionTimeoutMs (${session.sessionTimeoutMs})`,
    )
  }
  return faults
}
