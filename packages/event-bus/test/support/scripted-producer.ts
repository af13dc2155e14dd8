import type { AppendOptions, AppendResult, DriverProducer, OutgoingRecord, TopicPartition } from '../../src/driver.ts'
import { RecordTooLargeError } from '../../src/errors.ts'

/** An append that the bus has asked for and that a test has not answered yet. */
export interface Append {
  readonly topic: string
  readonly partition: number
  readonly records: readonly OutgoingRecord[]
  readonly timeoutMs: number
  /** Puts the records on the log and acknowledges. */
  acknowledge(): void
  fail(error: unknown): void
}

/** A producer whose answers a test gives: by hand through `appends`, or by itself with `answer`. Keeps what was written in `log`. */
export class ScriptedProducer implements DriverProducer {
  partitions = 1
  /** Unanswered, in the order of the calls. */
  readonly appends: Append[] = []
  /** Values of the records written, by `topic[partition]`. */
  readonly log = new Map<string, string[]>()
  /** Answers each append as soon as it is asked for; null leaves that to the test. */
  answer: ((append: Append) => void) | null = null
  /** What `partitionCount` fails with. */
  partitionCountError: Error | null = null
  partitionCountCalls = 0
  isClosed = false
  readonly #busy = new Set<string>()

  async partitionCount(): Promise<number> {
    this.partitionCountCalls += 1
    if (this.partitionCountError !== null) throw this.partitionCountError
    return this.partitions
  }

  append(
    { topic, partition }: TopicPartition,
    records: readonly OutgoingRecord[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    const lane = `${topic}[${partition}]`
    if (this.#busy.has(lane)) throw new Error(`two appends to ${lane} at the same time`)
    this.#busy.add(lane)
    return new Promise((resolve, reject) => {
      const append: Append = {
        topic,
        partition,
        records: [...records],
        timeoutMs: options.timeoutMs,
        acknowledge: () => {
          this.#answered(append, lane)
          const written = this.log.get(lane) ?? []
          this.log.set(lane, written)
          const baseOffset = BigInt(written.length)
          written.push(...records.map(({ value }) => String(value)))
          resolve({ baseOffset })
        },
        fail: (error) => {
          this.#answered(append, lane)
          reject(error)
        },
      }
      this.appends.push(append)
      this.answer?.(append)
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  #answered(append: Append, lane: string): void {
    this.#busy.delete(lane)
    this.appends.splice(this.appends.indexOf(append), 1)
  }
}

/** An answer like that of a broker with a limit on the size of batches. */
export function refuseLargerThan(bytes: number): (append: Append) => void {
  return (append) => {
    let size = 0
    for (const { value } of append.records) size += value?.length ?? 0
    if (size <= bytes) append.acknowledge()
    else append.fail(new RecordTooLargeError('batch too large', { outcome: 'not-written' }))
  }
}

export const acknowledge = (append: Append): void => append.acknowledge()

export function valuesOf(append: Append | undefined): string[] {
  return append?.records.map(({ value }) => String(value)) ?? []
}
