/** The order service's composition root: environment → configuration → adapters → start; `runService` closes it all in reverse. */
import { createEventBus } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { migrate, openDatabase, outboxState, startRelay, startRetention } from '@tributary/postgres'
import { createHttpServer, createLogger, listen, runService } from '@tributary/service-kit'
import { logCorrelation, startTelemetry } from '@tributary/telemetry'
import { listenForOrderChanges } from './adapters/order-changes.ts'
import { countByStatus } from './adapters/order-store.ts'
import { migrations, type OrderTables } from './adapters/tables.ts'
import { readConfig } from './config.ts'
import { addOrderRoutes } from './http/order-routes.ts'
import { orderSubscription } from './subscription.ts'

const config = readConfig(process.env)
const logger = createLogger({ service: 'order', level: config.LOG_LEVEL, mixin: logCorrelation })

await runService({
  logger,
  start: async (closing) => {
    const telemetry = await startTelemetry({
      serviceName: 'order',
      otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      prometheus: config.METRICS_PORT === undefined ? undefined : { port: config.METRICS_PORT, host: config.HOST },
      logger,
    })
    closing.defer(async () => void (await telemetry.shutdown()))

    const database = await openDatabase<OrderTables>({
      url: config.DATABASE_URL,
      schema: config.DATABASE_SCHEMA,
      logger,
    })
    closing.defer(() => database.close())
    await migrate(database, migrations)

    const bus = createEventBus({
      source: 'order-service',
      driver: kafkajs({ brokers: config.KAFKA_BROKERS }),
      logger,
    })
    closing.defer(() => bus.close())
    const relay = startRelay({ database, publisher: bus, logger })
    closing.defer(() => relay.close())
    const retention = startRetention({ database, logger })
    closing.defer(() => retention.close())
    const subscription = bus.subscribe(orderSubscription({ database, instanceId: config.INSTANCE_ID }))
    closing.defer(() => subscription.close())

    const changes = await listenForOrderChanges(database)
    closing.defer(() => changes.close())
    const health = async () => {
      const consuming = subscription.health()
      const stored = await Promise.all([outboxState(database.kysely), countByStatus(database.kysely)]).catch(() => null)
      // Kafka may be away: orders are taken all the same, and their events wait in the outbox.
      return {
        live: consuming.live,
        ready: stored !== null,
        details: { consuming, relay: relay.health(), outbox: stored?.[0], orders: stored?.[1] },
      }
    }
    const app = createHttpServer({ logger, health })
    addOrderRoutes(app, { database, encoder: bus, changes })
    closing.defer(() => app.close())
    return { port: await listen(app, { port: config.PORT, host: config.HOST }), failed: subscription.failed }
  },
})
