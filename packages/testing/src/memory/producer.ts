import {
  type AppendOptions,
  type AppendResult,
  BusClosedError,
  type Clock,
  type DriverProducer,
  type OutgoingRecord,
  PublishTimeoutError,
  RecordTooLargeError,
  TopicNotFoundError,
  type TopicPartition,
  WriteRefusedError,
} from '@tributary/event-bus'
import { within } from '../clock/within.ts'
import { partitionId } from './assignment.ts'
import type { FaultBoard } from './faults.ts'
import { bytesOf } from './partition-log.ts'
import type { TopicStore } from './topic-store.ts'

/** What Kafka's record batch needs beside its records. */
const BATCH_OVERHEAD_BYTES = 61

export interface ProducerDeps {
  readonly clock: Clock
  readonly topics: TopicStore
  readonly faults: FaultBoard
  readonly onClosed: () => void
}

export class InMemoryProducer implements DriverProducer {
  readonly #deps: ProducerDeps
  /** The append under way for each partition: the next one waits for it. */
  readonly #tails = new Map<string, Promise<AppendResult>>()
  #isClosed = false

  constructor(deps: ProducerDeps) {
    this.#deps = deps
  }

  async partitionCount(topic: string): Promise<number> {
    this.#refuseWhenClosed()
    const partitions = this.#deps.topics.partitionCount(topic)
    if (partitions === 0)
      throw new TopicNotFoundError(`the in-memory cluster has no topic ${topic}`, { outcome: 'not-written' })
    return partitions
  }

  async append(
    partition: TopicPartition,
    records: readonly OutgoingRecord[],
    { timeoutMs }: AppendOptions,
  ): Promise<AppendResult> {
    this.#refuseWhenClosed()
    const id = partitionId(partition)
    const gate = this.#deps.faults.appendGate(partition)
    const before = this.#tails.get(id)
    if (!gate && !before) return this.#appendNow(partition, records)

    const appended = Promise.allSettled([before, gate]).then(() => this.#appendNow(partition, records))
    this.#tails.set(id, appended)
    const forget = (): void => {
      if (this.#tails.get(id) === appended) this.#tails.delete(id)
    }
    appended.then(forget, forget)
    const result = await within(this.#deps.clock, timeoutMs, appended, null)
    if (result) return result
    throw new PublishTimeoutError(`no acknowledgement for ${id} within ${timeoutMs} ms`, { outcome: 'unknown' })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#deps.onClosed()
  }

  #appendNow(partition: TopicPartition, records: readonly OutgoingRecord[]): AppendResult {
    const { clock, topics, faults } = this.#deps
    const log = topics.log(partition)
    const fault = faults.appendFault(partition)
    if (fault?.kind === 'transient') {
      throw new PublishTimeoutError(`fault: no broker took the batch for ${partitionId(partition)}`, {
        outcome: 'not-written',
      })
    }
    if (fault?.kind === 'permanent') {
      throw new WriteRefusedError(`fault: the broker refuses writes to ${partitionId(partition)}`, {
        outcome: 'not-written',
      })
    }
    const configs = topics.configs(partition.topic)
    const maxBytes = Number(configs.get('max.message.bytes'))
    const bytes = records.reduce((sum, record) => sum + bytesOf(record), BATCH_OVERHEAD_BYTES)
    if (bytes > maxBytes) {
      throw new RecordTooLargeError(
        `a batch of ${bytes} bytes for ${partitionId(partition)}, which takes ${maxBytes} (max.message.bytes)`,
        {
          outcome: 'not-written',
        },
      )
    }
    if (fault?.kind !== 'unknown' || fault.isApplied) {
      const baseOffset = log.append(
        records,
        configs.get('message.timestamp.type') === 'LogAppendTime' ? clock.now() : null,
      )
      topics.announceAppended(partition)
      if (!fault) return { baseOffset }
    }
    throw new PublishTimeoutError(`fault: the answer for ${partitionId(partition)} was lost`, { outcome: 'unknown' })
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new BusClosedError('this producer is closed', { outcome: 'not-written' })
  }
}
