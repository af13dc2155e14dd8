/** What callers are handed, by the kind of call: one promise each, however many records it brought. */
import { type PublishError, PublishManyError } from '../errors.ts'
import type { SendSpan } from '../tracing/telemetry.ts'
import type { EncodedEvent, PublishedEvent } from './publisher.ts'
import type { SendResults } from './send-call.ts'

/** `publish` */
export class OneResult implements SendResults {
  readonly #id: string
  readonly #topic: string
  readonly #span: SendSpan | null
  readonly #resolve: (event: PublishedEvent) => void
  readonly #reject: (error: PublishError) => void

  /** @param span null when there is nothing to trace */
  constructor(
    id: string,
    topic: string,
    span: SendSpan | null,
    resolve: (event: PublishedEvent) => void,
    reject: (error: PublishError) => void,
  ) {
    this.#id = id
    this.#topic = topic
    this.#span = span
    this.#resolve = resolve
    this.#reject = reject
  }

  acknowledged(_index: number, partition: number, offset: bigint): void {
    this.#resolve({ id: this.#id, topic: this.#topic, partition, offset })
  }

  failed(_index: number, error: PublishError): void {
    this.#span?.fail(error)
    this.#reject(error)
  }

  complete(): void {
    this.#span?.end()
  }
}

/** `publishMany` */
export class ManyResults implements SendResults {
  readonly #ids: readonly string[]
  readonly #topic: string
  readonly #span: SendSpan
  readonly #resolve: (events: readonly PublishedEvent[]) => void
  readonly #reject: (error: PublishError) => void
  /** By index, as those of the errors. */
  readonly #published: PublishedEvent[]
  readonly #errors = new Map<number, PublishError>()

  /** @param ids of the records in their order; filled by the time that the call is submitted */
  constructor(
    count: number,
    ids: readonly string[],
    topic: string,
    span: SendSpan,
    resolve: (events: readonly PublishedEvent[]) => void,
    reject: (error: PublishError) => void,
  ) {
    this.#published = new Array(count)
    this.#ids = ids
    this.#topic = topic
    this.#span = span
    this.#resolve = resolve
    this.#reject = reject
  }

  acknowledged(index: number, partition: number, offset: bigint): void {
    this.#published[index] = { id: this.#ids[index] ?? '', topic: this.#topic, partition, offset }
  }

  failed(index: number, error: PublishError): void {
    this.#errors.set(index, error)
  }

  complete(): void {
    if (this.#errors.size === 0) {
      this.#resolve(this.#published)
    } else {
      const error = new PublishManyError(this.#ids.map((_, index) => this.#settled(index)))
      this.#span.fail(error)
      this.#reject(error)
    }
    this.#span.end()
  }

  #settled(index: number): PromiseSettledResult<PublishedEvent> {
    const reason = this.#errors.get(index)
    if (reason !== undefined) return { status: 'rejected', reason }
    return { status: 'fulfilled', value: this.#published[index] as PublishedEvent }
  }
}

/** `publishEncoded` */
export class SettledResults implements SendResults {
  readonly #events: readonly Pick<EncodedEvent, 'id' | 'topic'>[]
  readonly #results: PromiseSettledResult<PublishedEvent>[] = []
  readonly #spans: readonly (SendSpan | null)[]
  readonly #resolve: (results: readonly PromiseSettledResult<PublishedEvent>[]) => void

  constructor(
    events: readonly Pick<EncodedEvent, 'id' | 'topic'>[],
    spans: readonly (SendSpan | null)[],
    resolve: (results: readonly PromiseSettledResult<PublishedEvent>[]) => void,
  ) {
    this.#events = events
    this.#spans = spans
    this.#resolve = resolve
  }

  acknowledged(index: number, partition: number, offset: bigint): void {
    const event = this.#events[index]
    if (event === undefined) return
    this.#results[index] = { status: 'fulfilled', value: { id: event.id, topic: event.topic, partition, offset } }
  }

  failed(index: number, error: PublishError): void {
    this.#spans[index]?.fail(error)
    this.#results[index] = { status: 'rejected', reason: error }
  }

  complete(): void {
    for (const span of this.#spans) span?.end()
    this.#resolve(this.#results)
  }
}
