import type { EncodedEvent, PublishedEvent, Publisher } from '@tributary/event-bus'

/** A log in memory, and a say in what becomes of each event before it gets there. */
export class ScriptedPublisher implements Pick<Publisher, 'publishEncoded'> {
  readonly log: EncodedEvent[] = []
  #onAppend: (() => void)[] = []
  readonly #decide: (event: EncodedEvent) => Promise<void> | undefined

  /** `decide` may wait, or reject to refuse the event. */
  constructor(decide: (event: EncodedEvent) => Promise<void> | undefined = () => undefined) {
    this.#decide = decide
  }

  publishEncoded(events: readonly EncodedEvent[]): Promise<readonly PromiseSettledResult<PublishedEvent>[]> {
    return Promise.allSettled(events.map((event) => this.#append(event)))
  }

  async #append(event: EncodedEvent): Promise<PublishedEvent> {
    await this.#decide(event)
    this.log.push(event)
    for (const check of this.#onAppend) check()
    return { id: event.id, topic: event.topic, partition: 0, offset: BigInt(this.log.length - 1) }
  }

  /** Resolves once `fact` holds of the log; at once when it does already. */
  async waitFor(fact: (log: readonly EncodedEvent[]) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const check = () => {
      if (fact(this.log)) resolve()
    }
    this.#onAppend.push(check)
    check()
    await promise
    this.#onAppend = this.#onAppend.filter((other) => other !== check)
  }
}

/** Values in the order of their first appearance, by key. */
export function firstAppearances(log: readonly { id: string; key: unknown; value: unknown }[]): Map<string, string[]> {
  const byKey = new Map<string, string[]>()
  const seen = new Set<string>()
  for (const event of log) {
    if (seen.has(event.id)) continue
    seen.add(event.id)
    const key = String(event.key)
    byKey.set(key, [...(byKey.get(key) ?? []), String(event.value)])
  }
  return byKey
}
