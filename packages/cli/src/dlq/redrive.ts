import { type DriverAdmin, type DriverProducer, TopicNotFoundError } from '@tributary/event-bus'
import type { DeadLetter } from './dead-letter.ts'
import type { DeadLetterTopic } from './find-topics.ts'
import { readRedriveProgress, storeRedriveProgress } from './progress.ts'
import { readDeadLetters } from './read-dead-letters.ts'
import { type LeftBehindReason, type RedriveStep, stepFor } from './redriven-record.ts'

export interface RedriveOptions {
  readonly admin: DriverAdmin
  readonly producer: DriverProducer
  readonly topics: DeadLetterTopic
  /** Redrives at most so many. @defaultValue all */
  readonly limit?: number
  /** Dead letters that have been redriven so often are left where they are. @defaultValue 3 */
  readonly maxRedrives?: number
  /** Says what would happen; writes nothing and remembers nothing. @defaultValue false */
  readonly isDryRun?: boolean
  /** Starts at the first dead letter that is kept, also when it has been redriven before. @defaultValue false */
  readonly isFromStart?: boolean
  /** Hears of every dead letter, before it is redriven or left. */
  readonly onStep?: (step: RedriveStep) => void
  /** @defaultValue `Date.now` */
  readonly now?: () => number
}

export interface LeftBehind {
  readonly letter: DeadLetter
  readonly reason: LeftBehindReason
  readonly detail: string
}

export interface RedriveReport {
  readonly topics: DeadLetterTopic
  readonly isDryRun: boolean
  readonly redriven: number
  readonly leftBehind: readonly LeftBehind[]
  /** Dead letters that were not looked at, because of `limit`. */
  readonly remaining: bigint
}

const APPEND_TIMEOUT_MS = 30_000
const DEFAULT_MAX_REDRIVES = 3

/**
 * Redrives the dead letters of one (topic, group) pair into the group's redrive topic, from where the last run ended to the end that the
 * dead-letter topic has now: what fails again meanwhile waits for the next run.
 *
 * A dead letter's progress is stored after its write was acknowledged. A run that is interrupted in between redrives that one again, with the same
 * event id; it never passes one over. Two runs at the same time redrive twice.
 *
 * @throws {TopicNotFoundError} when the redrive topic is missing: nothing reads it then either.
 * @throws {PublishError} when a write fails for a reason that concerns more than this record; what was redriven before is remembered.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveReport> {
  const { admin, producer, topics, isDryRun = false, limit = Number.POSITIVE_INFINITY, now = Date.now } = options
  const redrivePartitions = await partitionsOf(options)
  const leftBehind: LeftBehind[] = []
  let redriven = 0
  let remaining = 0n

  for (const progress of await readRedriveProgress(admin, topics.deadLetterTopic, topics.group)) {
    const from = options.isFromStart ? progress.logStartOffset : progress.nextOffset
    let nextOffset = from
    for await (const letter of readDeadLetters(admin, progress, from, progress.logEndOffset)) {
      if (redriven >= limit) break
      const step = await stepFor(letter, {
        admin,
        redrivePartitions,
        group: topics.group,
        maxRedrives: options.maxRedrives ?? DEFAULT_MAX_REDRIVES,
        now: now(),
      })
      options.onStep?.(step)
      const refusal = step.kind === 'redrive' && !isDryRun ? await write(producer, topics.redriveTopic, step) : null
      if (step.kind === 'leave') leftBehind.push({ letter, reason: step.reason, detail: step.detail })
      else if (refusal !== null) leftBehind.push({ letter, reason: 'refused', detail: refusal })
      else redriven += 1
      nextOffset = letter.recordOffset + 1n
      if (!isDryRun) await storeRedriveProgress(admin, topics.group, progress, nextOffset)
    }
    remaining += progress.logEndOffset - nextOffset
  }
  return { topics, isDryRun, redriven, leftBehind, remaining }
}

async function partitionsOf({ admin, topics }: RedriveOptions): Promise<number> {
  const [described] = await admin.describeTopics([topics.redriveTopic])
  if (described) return described.partitions
  throw new TopicNotFoundError(
    `the redrive topic ${topics.redriveTopic} is missing, so group ${topics.group} does not read it: run \`tributary topics ensure\` with its subscription, and restart it`,
    { outcome: 'not-written' },
  )
}

/** Null when it is written; what the topic has against it when it refuses this very record. */
async function write(
  producer: DriverProducer,
  topic: string,
  { record, partition }: Extract<RedriveStep, { kind: 'redrive' }>,
): Promise<string | null> {
  try {
    await producer.append({ topic, partition }, [record], { timeoutMs: APPEND_TIMEOUT_MS })
    return null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'RECORD_TOO_LARGE') return error.message
    throw error
  }
}
