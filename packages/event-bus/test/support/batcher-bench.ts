import type { OutgoingRecord } from '../../src/driver.ts'
import type { PublishError } from '../../src/errors.ts'
import { Batcher, type BatcherLimits } from '../../src/publishing/batcher.ts'
import { SendCall, type SendResults } from '../../src/publishing/send-call.ts'
import { ManualClock } from '../consuming/manual-clock.ts'
import { ScriptedProducer } from './scripted-producer.ts'

const roomyLimits: BatcherLimits = {
  maxBatchBytes: 1_000_000,
  maxBatchRecords: 1_000,
  maxBufferedBytes: 10_000_000,
  maxBufferedRecords: 10_000,
  partitionRefreshMs: 60_000,
}

/** What became of one record. */
export type Fate = { readonly partition: number; readonly offset: bigint } | PublishError

/** One call and what it was told, by index; several results for one record are all kept. */
export class ObservedCall implements SendResults {
  readonly fates: Fate[][] = []
  completed = 0

  acknowledged(index: number, partition: number, offset: bigint): void {
    this.#note(index, { partition, offset })
  }

  failed(index: number, error: PublishError): void {
    this.#note(index, error)
  }

  complete(): void {
    this.completed += 1
  }

  /** `written`, or code and outcome of the error; `pending` while nothing is known. */
  get summary(): string[] {
    return Array.from(this.fates, (fates) => {
      const [fate] = fates ?? []
      if (fate === undefined) return 'pending'
      return 'code' in fate ? `${fate.code} ${fate.outcome}` : 'written'
    })
  }

  #note(index: number, fate: Fate): void {
    const known = this.fates[index] ?? []
    known.push(fate)
    this.fates[index] = known
  }
}

export interface SubmitOptions {
  readonly key?: string | null
  readonly topic?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** A batcher on a scripted producer and a clock that stands still. */
export class BatcherBench {
  readonly producer = new ScriptedProducer()
  readonly clock = new ManualClock()
  readonly batcher: Batcher

  constructor(limits: Partial<BatcherLimits> = {}) {
    const metrics = { opened: () => {}, sent: () => {} }
    this.batcher = new Batcher(this.producer, this.clock, metrics, { ...roomyLimits, ...limits })
  }

  /** One call with these values, all of one key. */
  submit(values: readonly string[], options: SubmitOptions = {}): ObservedCall {
    const { key = 'key', topic = 'orders', timeoutMs = 30_000, signal } = options
    const observed = new ObservedCall()
    const call = new SendCall(observed, values.length, this.clock.monotonic() + timeoutMs, timeoutMs)
    observed.fates.length = values.length
    for (const value of values) call.add(topic, record(value, key))
    this.batcher.submit(call, signal)
    return observed
  }
}

function record(value: string, key: string | null): OutgoingRecord {
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from(value), headers: [], timestamp: 0 }
}
