import { randomBytes } from 'node:crypto'
import {
  type Clock,
  type DriverAdmin,
  type DriverProducer,
  type OffsetRange,
  type PartitionOffsets,
  systemClock,
  TopicNotFoundError,
} from '@tributary/event-bus'
import type { DeadLetter } from './dead-letter.ts'
import { type LetterFilter, matches } from './filter.ts'
import type { DeadLetterTopic } from './find-topics.ts'
import { Pace } from './pace.ts'
import { lastRun, type RedriveProgress, readRedriveProgress, storeRedriveProgress } from './progress.ts'
import { readDeadLetters } from './read-dead-letters.ts'
import type { LeftBehind, RedriveEnd, RedriveReport } from './redrive-report.ts'
import { type LeftBehindReason, type RedriveStep, stepFor } from './redriven-record.ts'

export interface RedriveOptions {
  readonly admin: DriverAdmin
  readonly producer: DriverProducer
  readonly topics: DeadLetterTopic
  /** Which dead letters are meant; the others wait as before. @defaultValue all */
  readonly filter?: LetterFilter
  /** Redrives at most so many. @defaultValue all */
  readonly limit?: number
  /** Redrives at most so many a second, evenly. @defaultValue as fast as they are acknowledged */
  readonly ratePerSecond?: number
  /** Dead letters that have been redriven so often are left where they are; Infinity leaves none for it. @defaultValue 3 */
  readonly maxRedrives?: number
  /** Says what would happen; writes nothing and remembers nothing. @defaultValue false */
  readonly isDryRun?: boolean
  /** Looks at every dead letter that is kept, also when it has been redriven before. @defaultValue false */
  readonly isFromStart?: boolean
  /** Ends the run after the dead letter that is under way. */
  readonly signal?: AbortSignal
  /** Hears of every dead letter that is meant, before it is redriven or left. */
  readonly onStep?: (step: RedriveStep) => void
  /** @defaultValue `systemClock` */
  readonly clock?: Clock
}

const APPEND_TIMEOUT_MS = 30_000
const DEFAULT_MAX_REDRIVES = 3

/** Whether a later run may do better. What cannot be redriven at all is reported once, and would only fill the progress. */
const waitsOn: Readonly<Record<LeftBehindReason, boolean>> = {
  'redriven-too-often': true,
  refused: true,
  'not-of-this-group': false,
  'bytes-gone': false,
}

/**
 * Redrives the dead letters of one (topic, group) pair into the group's redrive topic, from those that wait to the end that the dead-letter topic has now:
 * what fails again meanwhile waits for the next run.
 *
 * A dead letter counts as redriven when its write was acknowledged, and that is stored before the next one is looked at. A run that is interrupted in between,
 * whichever way, redrives that one again, with the same event id; it passes none over. What stays behind waits as before.
 *
 * Of two runs at the same time the one that began first ends when it notices, before its next write. The other may repeat what was
 * redriven in the moment when it began.
 *
 * @throws {TopicNotFoundError} when the redrive topic is missing: nothing reads it then either.
 * @throws {PublishError} when a write fails for a reason that concerns more than this record; what was redriven before is remembered.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveReport> {
  const run = new Run(options, await redrivePartitionsOf(options))
  const { deadLetterTopic, group } = options.topics
  const partitions = await readRedriveProgress(options.admin, deadLetterTopic, group)
  for (const progress of partitions) await run.claim(progress)
  for (const progress of partitions) await run.partition(progress)
  return run.report()
}

class Run {
  readonly #options: RedriveOptions
  readonly #redrivePartitions: number
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #signal: AbortSignal
  readonly #name = randomBytes(4).toString('hex')
  readonly #leftBehind: LeftBehind[] = []
  readonly #redrivenByReason: Record<string, number> = {}
  #redriven = 0
  #passedOver = 0
  #remaining = 0n
  #ended: RedriveEnd = 'done'

  constructor(options: RedriveOptions, redrivePartitions: number) {
    this.#options = options
    this.#redrivePartitions = redrivePartitions
    this.#clock = options.clock ?? systemClock
    this.#pace = new Pace(options.isDryRun ? null : (options.ratePerSecond ?? null), this.#clock)
    this.#signal = options.signal ?? new AbortController().signal
  }

  /** From now on, a run that began before does not find its name beside the progress any more. */
  async claim(progress: RedriveProgress): Promise<void> {
    const { admin, topics, isDryRun = false } = this.#options
    const encoded = progress.encoded(this.#name)
    if (!isDryRun && encoded !== null) await storeRedriveProgress(admin, topics.group, progress.bounds, encoded)
  }

  async partition(stored: RedriveProgress): Promise<void> {
    const { admin, isFromStart = false, filter = {} } = this.#options
    const { bounds } = stored
    let progress = stored
    for (const { from, to } of isFromStart ? [wholeLog(bounds)] : stored.waiting) {
      let position = from
      for await (const letter of readDeadLetters(admin, bounds, from, to)) {
        // Where a log has no record between two others, nothing will ever wait.
        const stretch = { from: position, to: letter.recordOffset + 1n }
        if (this.#isOver()) break
        if (!matches(letter, filter)) this.#passedOver += 1
        else {
          const next = await this.#take(letter, progress, stretch)
          if (next === null) break
          progress = next
        }
        position = stretch.to
      }
      if (this.#ended !== 'done') this.#remaining += to - position
    }
  }

  report(): RedriveReport {
    return {
      topics: this.#options.topics,
      isDryRun: this.#options.isDryRun ?? false,
      ended: this.#ended,
      redriven: this.#redriven,
      redrivenByReason: this.#redrivenByReason,
      leftBehind: this.#leftBehind,
      passedOver: this.#passedOver,
      remaining: this.#remaining,
    }
  }

  /** The progress with this one looked at; null when the run ends before it. */
  async #take(letter: DeadLetter, progress: RedriveProgress, stretch: OffsetRange): Promise<RedriveProgress | null> {
    const { admin, topics, isDryRun = false, maxRedrives = DEFAULT_MAX_REDRIVES, onStep } = this.#options
    const { group } = topics
    const redrivePartitions = this.#redrivePartitions
    const now = this.#clock.now()
    const step = await stepFor(letter, { admin, group, redrivePartitions, maxRedrives, now })
    const isWaitingOn = step.kind === 'leave' && waitsOn[step.reason]
    const next = isWaitingOn ? progress : progress.with(stretch)
    const encoded = next.encoded(this.#name)
    // Before the write, not after: what is written must be remembered, or the next run writes it again.
    if (encoded === null) {
      this.#ended = 'progress-full'
      return null
    }
    if (step.kind === 'redrive') await this.#pace.turn(this.#signal)
    if (this.#isOver() || (await this.#isOvertaken(progress))) return null
    onStep?.(step)
    if (step.kind === 'leave') this.#leftBehind.push({ letter, reason: step.reason, detail: step.detail })
    else {
      const refusal = isDryRun ? null : await write(this.#options, step)
      if (refusal !== null) {
        this.#leftBehind.push({ letter, reason: 'refused', detail: refusal })
        return progress
      }
      const reason = letter.reason ?? 'unknown'
      this.#redriven += 1
      this.#redrivenByReason[reason] = (this.#redrivenByReason[reason] ?? 0) + 1
    }
    if (!isDryRun && !isWaitingOn) await storeRedriveProgress(admin, group, progress.bounds, encoded)
    return next
  }

  async #isOvertaken({ bounds }: RedriveProgress): Promise<boolean> {
    const { admin, topics, isDryRun = false } = this.#options
    if (isDryRun || (await lastRun(admin, topics.group, bounds)) === this.#name) return false
    this.#ended = 'overtaken'
    return true
  }

  /** Asked when another dead letter is there: a limit that the last one reached is none. */
  #isOver(): boolean {
    if (this.#ended === 'overtaken') return true
    if (this.#signal.aborted) this.#ended = 'interrupted'
    else if (this.#redriven >= (this.#options.limit ?? Number.POSITIVE_INFINITY)) this.#ended = 'limit'
    return this.#ended === 'interrupted' || this.#ended === 'limit'
  }
}

function wholeLog({ logStartOffset, logEndOffset }: PartitionOffsets): OffsetRange {
  return { from: logStartOffset, to: logEndOffset }
}

async function redrivePartitionsOf({ admin, topics }: RedriveOptions): Promise<number> {
  const [described] = await admin.describeTopics([topics.redriveTopic])
  if (described) return described.partitions
  throw new TopicNotFoundError(
    `the redrive topic ${topics.redriveTopic} is missing, so group ${topics.group} does not read it: run \`tributary topics ensure\` with its subscription, and restart it`,
    { outcome: 'not-written' },
  )
}

/** Null when it is written; what the topic has against it when it refuses this very record. */
async function write(
  { producer, topics }: RedriveOptions,
  { record, partition }: Extract<RedriveStep, { kind: 'redrive' }>,
): Promise<string | null> {
  try {
    await producer.append({ topic: topics.redriveTopic, partition }, [record], { timeoutMs: APPEND_TIMEOUT_MS })
    return null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'RECORD_TOO_LARGE') return error.message
    throw error
  }
}
