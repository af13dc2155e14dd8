import type {
  Driver,
  DriverAdmin,
  DriverConsumer,
  DriverProducer,
  GroupListener,
  GroupOptions,
} from '@tributary/event-bus'
import { inMemoryDriver } from '../../memory/in-memory-driver.ts'
import type { DriverHost } from './host.ts'
import { RudeConsumer } from './rude-consumer.ts'
import { RudeProducer } from './rude-producer.ts'

/** The driver of one simulated process: the in-memory cluster, behind a network and brokers that do whatever the port does not forbid. */
export class RudeDriver implements Driver {
  readonly name = 'rude'
  readonly #base: Driver
  readonly #host: DriverHost
  readonly #consumers: RudeConsumer[] = []

  constructor(host: DriverHost) {
    this.#host = host
    this.#base = inMemoryDriver({ cluster: host.cluster })
  }

  /** Ids of its memberships. */
  get memberIds(): string[] {
    return this.#consumers.map(({ memberId }) => memberId)
  }

  createProducer(options: { readonly clientId: string }): DriverProducer {
    return new RudeProducer(this.#base.createProducer(options), this.#host)
  }

  joinGroup(options: GroupOptions & { readonly clientId: string }, listener: GroupListener): DriverConsumer {
    const consumer = new RudeConsumer(options, listener, this.#host, this.#base)
    this.#consumers.push(consumer)
    return consumer
  }

  createAdmin(options: { readonly clientId: string }): DriverAdmin {
    return this.#base.createAdmin(options)
  }

  crash(): void {
    for (const consumer of this.#consumers) consumer.crash()
  }

  async close(): Promise<void> {
    await this.#base.close()
  }
}
