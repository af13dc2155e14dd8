import { randomUUID } from 'node:crypto'
import {
  type Clock,
  type EncodedEvent,
  type Logger,
  type PublishEncodedOptions,
  type Publisher,
  silentLogger,
  systemClock,
} from '@tributary/event-bus'
import { errorMessage } from '../error-message.ts'
import type { AnyDatabase } from '../transaction.ts'
import { createAlarm } from './alarm.ts'
import { laneFailure } from './failure-backoff.ts'
import { OUTBOX_CHANNEL } from './outbox.ts'
import { type ClaimedLane, type LaneOutcome, takeTurn } from './turn.ts'

export interface RelayOptions {
  readonly database: AnyDatabase
  /** The bus, or anything that publishes encoded events. */
  readonly publisher: Pick<Publisher, 'publishEncoded'>
  readonly logger?: Logger
  readonly clock?: Clock
  /** Looks for rows this often even when no notification came, in milliseconds. @defaultValue 1000 */
  readonly pollMs?: number
  /** Rows on their way to Kafka at most. @defaultValue 500 */
  readonly maxInFlight?: number
  /** Rows of one key taken at a time; they are published one after another. @defaultValue 20 */
  readonly rowsPerLane?: number
  /** How long one publish may take, in milliseconds, before its key waits and others go on. @defaultValue 15000 */
  readonly publishTimeoutMs?: number
  /** For how long a silent relay's claims keep others away, in milliseconds: after a crash its keys rest for so long. @defaultValue 5000 */
  readonly leaseMs?: number
}

export interface RelayHealth {
  readonly inFlight: number
  /** Milliseconds since the Unix epoch of the last publish that was acknowledged; null before the first. */
  readonly lastPublishedAt: number | null
  /** What went wrong last, and has not gone right since. */
  readonly lastError: string | null
}

export interface Relay {
  health(): RelayHealth
  /** Lets publishes under way end, for five seconds at most, records them, and gives the rest back at once. Idempotent. */
  close(): Promise<void>
}

/** The database failed: how long until the next turn, in milliseconds. */
const DATABASE_RETRY_MS = 1000
/** How long closing waits for publishes under way, in milliseconds; with Kafka away they would take all of their time. */
const CLOSE_WITHIN_MS = 5_000
/** How often closing tries to record the last publishes. */
const CLOSE_ATTEMPTS = 3

/**
 * Publishes what is in the outbox: every committed row at least once, with the same event id each time, and the rows of one key in order. The order
 * holds between relays and over crashes, in this sense: whatever is repeated, the first appearances on the log are in order.
 *
 * A row is published before it is marked. Dying in between publishes it again: subscribers with an inbox see one event. A row that cannot be published
 * holds back the rows of its own key, and no others.
 *
 * Why the order needs no trust in clocks: a relay publishes a row when every earlier row of its key is acknowledged, by itself or, as the mark says, by
 * another. A relay that slept over its lease can therefore only repeat what is on the log already, or what comes next. Leases only keep repetitions rare.
 */
export function startRelay(options: RelayOptions): Relay {
  const { database, publisher, logger = silentLogger, clock = systemClock } = options
  const { pollMs = 1000, maxInFlight = 500, rowsPerLane = 20, publishTimeoutMs = 15_000, leaseMs = 5_000 } = options
  const renewAfterMs = leaseMs / 3
  const holder = randomUUID()
  const alarm = createAlarm(clock)
  const giveUp = new AbortController()
  const activeLanes = new Set<string>()
  let outcomes: LaneOutcome[] = []
  let inFlight = 0
  /** Claims of this relay are its own from here on, as far as it knows. */
  let leasedAt = clock.monotonic()
  let lastPublishedAt: number | null = null
  let lastError: string | null = null
  let isClosing = false

  const publishLane = async ({ lane, attempts, rows }: ClaimedLane): Promise<LaneOutcome> => {
    const publishedSeqs: string[] = []
    for (const { seq, event } of rows) {
      // One row at a time: were two sent together, the second could be on the log when the first turns out to have failed.
      // Nor when the lease is over, by which time the lane may be another relay's; but the first row in any case, so that each claim gets somewhere.
      const isLeaseOver = clock.monotonic() > leasedAt + leaseMs
      if (isClosing || (isLeaseOver && publishedSeqs.length > 0)) break
      const error = await publishOne(publisher, event, { timeoutMs: publishTimeoutMs, signal: giveUp.signal })
      if (error !== null) {
        const failure = laneFailure(error.reason, publishedSeqs.length > 0 ? 1 : attempts + 1)
        lastError = failure.message
        logger.warn(
          {
            err: error.reason,
            eventId: event.id,
            eventType: event.type,
            topic: event.topic,
            retryInMs: failure.waitMs,
          },
          'publishing from the outbox failed; its key waits',
        )
        return { lane, publishedSeqs, failure }
      }
      publishedSeqs.push(seq)
      lastPublishedAt = clock.now()
      lastError = null
    }
    return { lane, publishedSeqs, failure: null }
  }

  const dispatch = (lane: ClaimedLane): void => {
    // Still under way here, after a lease that could not be renewed in time. What is left of it comes when that has ended.
    if (activeLanes.has(lane.lane)) return
    activeLanes.add(lane.lane)
    inFlight += lane.rows.length
    void publishLane(lane).then((outcome) => {
      activeLanes.delete(lane.lane)
      inFlight -= lane.rows.length
      outcomes.push(outcome)
      alarm.ring()
    })
  }

  const turn = async (): Promise<void> => {
    const recorded = outcomes
    outcomes = []
    // From before the transaction: a lease as this process counts it ends earlier than in the database.
    const startedAt = clock.monotonic()
    const renews = inFlight === 0 || startedAt - leasedAt > renewAfterMs
    const room = isClosing ? 0 : maxInFlight - inFlight
    try {
      const renewedLanes = renews ? [...activeLanes] : []
      const request = {
        schema: database.schema,
        holder,
        outcomes: recorded,
        renewedLanes,
        room,
        rowsPerLane,
        leaseMs,
      }
      const { claimed, hasMore } = await database.kysely.transaction().execute((tx) => takeTurn(tx, request))
      if (renews) leasedAt = startedAt
      for (const lane of claimed) dispatch(lane)
      if (hasMore) alarm.ring()
    } catch (error) {
      outcomes = [...recorded, ...outcomes]
      throw error
    }
  }

  const run = async (): Promise<void> => {
    while (!isClosing) {
      try {
        await turn()
        await alarm.wait(inFlight > 0 ? Math.min(pollMs, renewAfterMs) : pollMs)
      } catch (error) {
        lastError = errorMessage(error)
        logger.warn({ err: error, retryInMs: DATABASE_RETRY_MS }, 'the outbox could not be read; trying again')
        await alarm.wait(DATABASE_RETRY_MS)
      }
    }
    const patience = clock.setTimer(() => giveUp.abort(), CLOSE_WITHIN_MS)
    while (inFlight > 0) await alarm.wait(publishTimeoutMs)
    patience.cancel()
    for (let attempt = 1; outcomes.length > 0 && attempt <= CLOSE_ATTEMPTS; attempt += 1) {
      // Unrecorded rows are published again after the lease: worth a few tries, not worth hanging.
      await turn().catch((error: unknown) => logger.warn({ err: error }, 'could not record what was published'))
    }
  }

  const listening = database.listen(OUTBOX_CHANNEL, () => alarm.ring())
  listening.catch((error: unknown) => logger.warn({ err: error }, 'no notifications from the outbox; polling only'))
  const finished = run()

  let closed: Promise<void> | undefined
  return {
    health: () => ({ inFlight, lastPublishedAt, lastError }),
    close() {
      isClosing = true
      alarm.ring()
      closed ??= Promise.all([
        finished,
        listening.then(
          (stop) => stop(),
          () => {},
        ),
      ]).then(() => {})
      return closed
    },
  }
}

/** The reason when it failed; null when it is on the log. */
async function publishOne(
  publisher: RelayOptions['publisher'],
  event: EncodedEvent,
  options: PublishEncodedOptions,
): Promise<{ reason: unknown } | null> {
  try {
    const [result] = await publisher.publishEncoded([event], options)
    if (result?.status === 'fulfilled') return null
    return { reason: result?.reason ?? new Error('the publisher gave no result') }
  } catch (reason) {
    return { reason }
  }
}
