/** What callers are handed, by the kind of call: one promise each, however many records it brought. */
import { type PublishError, PublishManyError } from '../errors.ts'
import type { SendSpan } from '../tracing/telemetry.ts'
import type { EncodedEvent, PublishedEvent } from './publisher.ts'
import type { SendResults } from './send-call.ts'

type Place = Pick<EncodedEvent, 'id' | 'topic'>

/** `publish` */
export class OneResult implements SendResults {
  readonly #event: Place
  readonly #span: SendSpan
  readonly #resolve: (event: PublishedEvent) => void
  readonly #reject: (error: PublishError) => void

  constructor(
    event: Place,
    span: SendSpan,
    resolve: (event: PublishedEvent) => void,
    reject: (error: PublishError) => void,
  ) {
    this.#event = event
    this.#span = span
    this.#resolve = resolve
    this.#reject = reject
  }

  acknowledged(_index: number, partition: number, offset: bigint): void {
    this.#resolve({ id: this.#event.id, topic: this.#event.topic, partition, offset })
  }

  failed(_index: number, error: PublishError): void {
    this.#span.fail(error)
    this.#reject(error)
  }

  complete(): void {
    this.#span.end()
  }
}

/** Results by index, for calls with several events. */
abstract class Collected implements SendResults {
  protected readonly events: readonly Place[]
  protected readonly results: PromiseSettledResult<PublishedEvent>[] = []

  constructor(events: readonly Place[]) {
    this.events = events
  }

  acknowledged(index: number, partition: number, offset: bigint): void {
    const event = this.events[index]
    if (event === undefined) return
    this.results[index] = { status: 'fulfilled', value: { id: event.id, topic: event.topic, partition, offset } }
  }

  failed(index: number, error: PublishError): void {
    this.results[index] = { status: 'rejected', reason: error }
  }

  abstract complete(): void
}

/** `publishMany` */
export class ManyResults extends Collected {
  readonly #span: SendSpan
  readonly #resolve: (events: readonly PublishedEvent[]) => void
  readonly #reject: (error: PublishError) => void

  constructor(
    events: readonly Place[],
    span: SendSpan,
    resolve: (events: readonly PublishedEvent[]) => void,
    reject: (error: PublishError) => void,
  ) {
    super(events)
    this.#span = span
    this.#resolve = resolve
    this.#reject = reject
  }

  complete(): void {
    const published: PublishedEvent[] = []
    for (const result of this.results) if (result.status === 'fulfilled') published.push(result.value)
    if (published.length === this.results.length) {
      this.#resolve(published)
    } else {
      const error = new PublishManyError(this.results)
      this.#span.fail(error)
      this.#reject(error)
    }
    this.#span.end()
  }
}

/** `publishEncoded` */
export class SettledResults extends Collected {
  readonly #spans: readonly (SendSpan | null)[]
  readonly #resolve: (results: readonly PromiseSettledResult<PublishedEvent>[]) => void

  constructor(
    events: readonly Place[],
    spans: readonly (SendSpan | null)[],
    resolve: (results: readonly PromiseSettledResult<PublishedEvent>[]) => void,
  ) {
    super(events)
    this.#spans = spans
    this.#resolve = resolve
  }

  override failed(index: number, error: PublishError): void {
    this.#spans[index]?.fail(error)
    super.failed(index, error)
  }

  complete(): void {
    for (const span of this.#spans) span?.end()
    this.#resolve(this.results)
  }
}
