import type { Clock } from '../clock.ts'
import type { DriverProducer, TopicPartition } from '../driver.ts'
import { deadLetterTopic, retryTopic } from '../topics.ts'
import type { Telemetry } from '../tracing/telemetry.ts'
import { deadLetterForms, isAboutTheLetter } from './dead-letter.ts'
import { delayedRetryForms, isAboutTheRetry } from './delayed-retry.ts'
import type { Departure, DepartureForm, DepartureOutcome } from './departure.ts'

export interface DepartureWriterOptions {
  readonly producer: DriverProducer
  readonly group: string
  readonly clientId: string
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'startDeparture'>
}

const WRITE_TIMEOUT_MS = 30_000

/** Where a departure goes and what it may look like there. */
interface Route {
  readonly topic: string
  readonly forms: readonly DepartureForm[]
  /** Whether a refusal may be answered with the next form. */
  readonly isAboutTheRecord: (error: unknown) => boolean
}

/**
 * Writes dead letters and delayed retries. It answers only when the write is acknowledged or has failed; that the source record is settled only after `written` is
 * up to the caller (I3). A write whose answer was lost is repeated, so a record may be there twice, never not at all.
 */
export class DepartureWriter {
  readonly #options: DepartureWriterOptions
  /** The last write of each partition. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: DepartureWriterOptions) {
    this.#options = options
  }

  /**
   * Never rejects.
   *
   * @param isWanted asked before anything is sent: a partition that is gone is somebody else's to go on with
   */
  async write(departure: Departure, isWanted: () => boolean): Promise<DepartureOutcome> {
    const { clientId, telemetry } = this.#options
    const { eventId, context, history } = departure
    const topic = this.#topicOf(departure)
    const reason = departure.kind === 'dead-letter' ? departure.reason : null
    const span = telemetry.startDeparture({ topic, clientId, eventId, reason, context })
    const route = { topic, ...formsOf(departure, span.traceparent) }
    const outcome = await this.#inTurn(topic, history.origin.partition, (partition) =>
      isWanted() ? this.#appendFirstThatFits(partition, route) : { kind: 'dropped' },
    ).catch((error: unknown): DepartureOutcome => ({ kind: 'failed', topic, error }))
    if ('error' in outcome) span.fail(outcome.error)
    span.end()
    return outcome
  }

  #topicOf(departure: Departure): string {
    const { group } = this.#options
    return departure.kind === 'dead-letter'
      ? deadLetterTopic(departure.source, group)
      : retryTopic(departure.source, group, departure.delayMs)
  }

  async #appendFirstThatFits(partition: number, { topic, forms, isAboutTheRecord }: Route): Promise<DepartureOutcome> {
    const { producer, clock } = this.#options
    const target: TopicPartition = { topic, partition }
    let refusal: unknown
    for (const form of forms) {
      try {
        await producer.append(target, [form(clock.now())], { timeoutMs: WRITE_TIMEOUT_MS })
        return { kind: 'written' }
      } catch (error) {
        if (!isAboutTheRecord(error)) throw error
        refusal = error
      }
    }
    return { kind: 'impossible', topic, error: refusal }
  }

  /** One write at a time for each partition: when thousands come at once, none of them waits in the driver for longer than its timeout. */
  async #inTurn(
    topic: string,
    originPartition: number,
    write: (partition: number) => DepartureOutcome | Promise<DepartureOutcome>,
  ): Promise<DepartureOutcome> {
    const partition = originPartition % (await this.#options.producer.partitionCount(topic))
    const id = `${topic}/${partition}`
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() => write(partition))
    this.#turns.set(
      id,
      turn.catch(() => {}),
    )
    return turn
  }
}

function formsOf(departure: Departure, traceparent: Buffer): Omit<Route, 'topic'> {
  return departure.kind === 'dead-letter'
    ? { forms: deadLetterForms(departure, traceparent), isAboutTheRecord: isAboutTheLetter }
    : { forms: delayedRetryForms(departure, traceparent), isAboutTheRecord: isAboutTheRetry }
}
