import {
  type AppendOptions,
  type AppendResult,
  BusClosedError,
  type DriverProducer,
  type OutgoingRecord,
  type TopicPartition,
} from '@tributary/event-bus'
import type { Settings } from '../settings.ts'
import { Backoff, pause } from '../wire/backoff.ts'
import { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, isRetriable, publicError } from '../wire/failures.ts'
import { type Batch, Lane } from './lane.ts'
import { Sender } from './sender.ts'

/** A topic that was created a moment ago is not known to every broker at once. */
const NEW_TOPIC_PATIENCE_MS = 1_000

export class KafkajsProducer implements DriverProducer {
  readonly #cluster: Cluster
  readonly #sender: Sender
  readonly #lanes = new Map<string, Lane[]>()
  readonly #refreshedAt = new Map<string, number>()
  readonly #underWay = new Set<Promise<unknown>>()
  #closed: Promise<void> | null = null

  constructor(settings: Settings, clientId: string) {
    this.#cluster = new Cluster(settings, clientId)
    this.#sender = new Sender(this.#cluster, settings.compression)
  }

  async partitionCount(topic: string): Promise<number> {
    const { metadataMaxAgeMs, requestTimeoutMs } = this.#cluster.settings
    const startedAt = performance.now()
    const backoff = new Backoff()
    for (;;) {
      const known = this.#cluster.topic(topic)?.leaders.length ?? 0
      const refreshedAt = this.#refreshedAt.get(topic) ?? Number.NEGATIVE_INFINITY
      if (known > 0 && performance.now() - refreshedAt < metadataMaxAgeMs) return known
      if (this.#closed !== null) throw closed(topic)
      const spentMs = performance.now() - startedAt
      try {
        await this.#cluster.refresh([topic])
      } catch (error) {
        if (known > 0) return known
        if (!isRetriable(error) || spentMs > requestTimeoutMs) throw publicError(error)
      }
      const errorCode = this.#cluster.topic(topic)?.errorCode
      if (errorCode === code.none) this.#refreshedAt.set(topic, performance.now())
      const patienceMs = errorCode === code.unknownTopicOrPartition ? NEW_TOPIC_PATIENCE_MS : requestTimeoutMs
      if (errorCode && spentMs > patienceMs) throw publicError(new BrokerError(errorCode, `topic ${topic}`))
      if (errorCode !== code.none) await pause(backoff.next())
    }
  }

  append(
    { topic, partition }: TopicPartition,
    records: readonly OutgoingRecord[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    if (this.#closed !== null) return Promise.reject(closed(`${topic}/${partition}`))
    const result = new Promise<AppendResult>((resolve, reject) => {
      const batch: Batch = {
        records,
        timeoutMs: options.timeoutMs,
        sealed: null,
        mayBeWritten: false,
        isSettled: false,
        lastError: null,
        deadline: undefined,
        resolve,
        reject,
      }
      this.#sender.enqueue(this.#laneOf(topic, partition), batch)
    })
    this.#underWay.add(result)
    const done = (): boolean => this.#underWay.delete(result)
    result.then(done, done)
    return result
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#underWay).then(() => {
      this.#sender.close()
      this.#cluster.close()
    })
    return this.#closed
  }

  #laneOf(topic: string, partition: number): Lane {
    let lanes = this.#lanes.get(topic)
    if (lanes === undefined) {
      lanes = []
      this.#lanes.set(topic, lanes)
    }
    lanes[partition] ??= new Lane(topic, partition)
    return lanes[partition]
  }
}

function closed(where: string): BusClosedError {
  return new BusClosedError(`${where}: the producer is closed`, { outcome: 'not-written' })
}
