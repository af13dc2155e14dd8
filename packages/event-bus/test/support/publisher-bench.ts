import type { SchemaStore } from '../../src/avro/schema-store.ts'
import type { Driver } from '../../src/driver.ts'
import { createPublisher } from '../../src/publishing/create-publisher.ts'
import type { Publisher, PublisherLimits } from '../../src/publishing/publisher.ts'
import { createTelemetry, type TelemetryOptions } from '../../src/tracing/create-telemetry.ts'
import { ManualClock } from '../consuming/manual-clock.ts'
import { ScriptedProducer } from './scripted-producer.ts'

/** A publisher of `order-service` on a scripted producer. */
export class PublisherBench {
  readonly producer = new ScriptedProducer()
  readonly clock = new ManualClock()
  readonly publisher: Publisher

  constructor(telemetry: TelemetryOptions = {}, limits: PublisherLimits = {}, schemas?: SchemaStore) {
    const notNeeded = (): never => {
      throw new Error('a publisher needs a producer only')
    }
    const driver: Driver = {
      name: 'scripted',
      createProducer: () => this.producer,
      joinGroup: notNeeded,
      createAdmin: notNeeded,
      close: async () => {},
    }
    this.publisher = createPublisher({
      source: 'order-service',
      clientId: 'order-service-1',
      driver,
      clock: this.clock,
      telemetry: createTelemetry(telemetry),
      limits,
      ...(schemas === undefined ? {} : { schemas }),
    })
  }
}
