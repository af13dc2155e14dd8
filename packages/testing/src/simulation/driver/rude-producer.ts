import {
  type AppendOptions,
  type AppendResult,
  type DriverProducer,
  type OutgoingRecord,
  PublishTimeoutError,
  TopicNotFoundError,
  type TopicPartition,
  WriteRefusedError,
} from '@tributary/event-bus'
import type { AppendFault } from '../scenario.ts'
import { type DriverHost, place } from './host.ts'

/** Appends that arrive late, fail, or succeed without an answer. Batches of one partition keep the order of the calls. */
export class RudeProducer implements DriverProducer {
  readonly #inner: DriverProducer
  readonly #host: DriverHost
  readonly #tails = new Map<string, Promise<unknown>>()

  constructor(inner: DriverProducer, host: DriverHost) {
    this.#inner = inner
    this.#host = host
  }

  async partitionCount(topic: string): Promise<number> {
    if (this.#host.faults.strike('topic')) {
      throw new TopicNotFoundError(`fault: no broker knows ${topic}`, { outcome: 'not-written' })
    }
    return this.#inner.partitionCount(topic)
  }

  append(partition: TopicPartition, records: readonly OutgoingRecord[], options: AppendOptions): Promise<AppendResult> {
    const id = place(partition)
    const turn = (this.#tails.get(id) ?? Promise.resolve()).then(() => this.#append(partition, records, options))
    this.#tails.set(
      id,
      turn.catch(() => {}),
    )
    return turn
  }

  async close(): Promise<void> {
    await Promise.all(this.#tails.values())
    await this.#inner.close()
  }

  async #append(
    partition: TopicPartition,
    records: readonly OutgoingRecord[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    const { faults, random, pace, trace, name } = this.#host
    await this.#host.transit(1 + random.between(0, pace.appendMs))
    const fault = faults.strike('append')
    trace.note(() => `${name} writes to ${place(partition)}${fault ? `: ${fault.kind}` : ''}`)
    if (fault !== null) return this.#fail(fault, partition, records, options)
    const result = await this.#inner.append(partition, records, options)
    await this.#host.arrival(random.between(0, pace.appendMs))
    return result
  }

  async #fail(
    { kind, isApplied }: AppendFault,
    partition: TopicPartition,
    records: readonly OutgoingRecord[],
    options: AppendOptions,
  ): Promise<never> {
    const { arrival, random, pace, witness } = this.#host
    const target = place(partition)
    if (kind === 'late' || (kind === 'unknown' && isApplied)) await this.#inner.append(partition, records, options)
    await arrival(kind === 'late' ? options.timeoutMs : random.between(0, pace.appendMs))
    switch (kind) {
      case 'transient':
        throw new PublishTimeoutError(`fault: no broker took the batch for ${target}`, { outcome: 'not-written' })
      case 'permanent':
        for (const record of records) witness.writeRefused(record)
        throw new WriteRefusedError(`fault: ${target} takes no writes`, { outcome: 'not-written' })
      case 'unknown':
      case 'late':
        throw new PublishTimeoutError(`fault: no acknowledgement for ${target}`, { outcome: 'unknown' })
    }
  }
}
