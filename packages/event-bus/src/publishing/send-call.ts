import type { OutgoingRecord } from '../driver.ts'
import type { PublishError, PublishOutcome } from '../errors.ts'
import { PendingRecord } from './pending-record.ts'

/** What the caller is told about one record. Exactly one of the two is called for each. */
export interface SendResults {
  acknowledged(index: number, partition: number, offset: bigint): void
  failed(index: number, error: PublishError): void
  /** Every record of the call has its result. Called once. */
  complete(): void
}

/**
 * One call of a publisher: its records, its deadline, its signal. A record's result reaches the caller through here and nowhere else, so that it
 * has exactly one.
 */
export class SendCall {
  readonly records: PendingRecord[]
  /** By `Clock.monotonic`. */
  readonly deadlineAt: number
  readonly timeoutMs: number
  /** How many records have been let into the buffer, or need no room any more. */
  admitted = 0
  /** Its neighbours among the open calls. */
  before: SendCall | null = null
  after: SendCall | null = null
  /** Set by the batcher while the call is open. */
  onClosed: ((call: SendCall) => void) | null = null
  readonly #results: SendResults
  #added = 0
  #unsettled = 0

  /** @param count of the records that will be added before the call is submitted */
  constructor(results: SendResults, count: number, deadlineAt: number, timeoutMs: number) {
    this.#results = results
    // Of its final length: a list that grows by one has room for seventeen, and most calls have one.
    this.records = new Array(count)
    this.deadlineAt = deadlineAt
    this.timeoutMs = timeoutMs
  }

  add(topic: string, record: OutgoingRecord): void {
    this.records[this.#added] = new PendingRecord(this, this.#added, topic, record)
    this.#added += 1
    this.#unsettled += 1
  }

  acknowledge(record: PendingRecord, partition: number, offset: bigint): void {
    if (!this.#settle(record)) return
    this.#results.acknowledged(record.index, partition, offset)
    this.#closeWhenSettled()
  }

  fail(record: PendingRecord, error: PublishError): void {
    if (!this.#settle(record)) return
    this.#results.failed(record.index, error)
    this.#closeWhenSettled()
  }

  /** The caller gives up. What was handed to the driver may be on the log; what was not never will be. */
  giveUp(errorOf: (outcome: PublishOutcome) => PublishError): void {
    let notWritten: PublishError | undefined
    let unknown: PublishError | undefined
    for (const record of this.records) {
      if (record.state === 'settled') continue
      if (record.state === 'sent') {
        unknown ??= errorOf('unknown')
        this.fail(record, unknown)
      } else {
        const { queue } = record
        notWritten ??= errorOf('not-written')
        this.fail(record, notWritten)
        queue?.markDead()
      }
    }
  }

  #settle(record: PendingRecord): boolean {
    if (record.state === 'settled') return false
    record.state = 'settled'
    this.#unsettled -= 1
    return true
  }

  #closeWhenSettled(): void {
    if (this.#unsettled > 0) return
    this.onClosed?.(this)
    this.#results.complete()
  }
}
