/** Kafka for one run of the suite: topics are made, filled, checked and deleted here, outside of any contender's time. */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkajs } from '@tributary/kafkajs'
import type { Contender, RecordForm } from '../contenders/contender.ts'
import { eachMessage } from '../contenders/kafkajs.ts'
import { tributary } from '../contenders/tributary.ts'
import { tributaryBytes } from '../contenders/tributary-bytes.ts'
import type { Verdict } from '../orders/ledger.ts'
import { prepareOrder } from '../orders/order.ts'
import type { Workload } from '../workloads/workload.ts'
import { checkLog } from './check-log.ts'

const FILL_CALL_RECORDS = 2_000

/** Who fills the topics that others consume. */
const fillers: Readonly<Record<RecordForm, Contender>> = {
  events: tributary,
  parcels: tributaryBytes,
  text: eachMessage,
}

export class Stage {
  readonly brokers: readonly string[]
  readonly #driver
  readonly #admin
  readonly #filled = new Map<string, string>()
  #number = 0

  constructor(brokers: readonly string[]) {
    this.brokers = brokers
    this.#driver = kafkajs({ brokers })
    this.#admin = this.#driver.createAdmin({ clientId: 'bench-stage' })
  }

  /** A name that nothing else of this cluster has. */
  name(kind: string): string {
    this.#number += 1
    return `bench.${kind}-${process.pid}-${this.#number}`
  }

  async emptyTopic(workload: Workload): Promise<string> {
    const topic = this.name(workload.id.toLowerCase())
    await this.#admin.createTopics([{ topic, partitions: workload.partitions, replicationFactor: 1, configs: {} }])
    await this.#whenLed(topic)
    return topic
  }

  /** Known is not yet led: whoever writes at once is refused once, and raw kafkajs then writes a second time what it had written elsewhere. */
  async #whenLed(topic: string): Promise<void> {
    for (;;) {
      try {
        await this.#admin.offsets(topic)
        return
      } catch {
        await sleep(20)
      }
    }
  }

  /** The topic with all of a workload's records in this form; filled at the first asking. */
  async filledTopic(workload: Workload, form: RecordForm): Promise<string> {
    const name = `${workload.id} ${form}`
    const known = this.#filled.get(name)
    if (known !== undefined) return known
    const topic = await this.emptyTopic(workload)
    const publisher = await fillers[form].openPublisher?.({ brokers: this.brokers, topic })
    for (let from = 0; from < workload.keys.length; from += FILL_CALL_RECORDS) {
      const keys = workload.keys.subarray(from, from + FILL_CALL_RECORDS)
      await publisher?.publishMany(Array.from(keys, (key, index) => prepareOrder(from + index, key)))
    }
    await publisher?.close()
    this.#filled.set(name, topic)
    return topic
  }

  /** What lies on a topic that a contender has published to. @param keys of what it says it has published, by sequence */
  check(topic: string, form: RecordForm, keys: Int32Array): Promise<Verdict> {
    return checkLog({ brokers: this.brokers, topic, group: this.name('check') }, form, keys)
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#admin.deleteTopics([topic])
  }

  async close(): Promise<void> {
    await this.#driver.close()
  }
}
