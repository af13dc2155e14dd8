/** The inventory service's composition root: environment → configuration → adapters → start; `runService` closes it all in reverse. */
import { createEventBus } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { migrate, openDatabase, outboxState, startRelay, startRetention } from '@tributary/postgres'
import { createHttpServer, createLogger, listen, runService } from '@tributary/service-kit'
import { logCorrelation, startTelemetry } from '@tributary/telemetry'
import { type InventoryTables, migrations } from './adapters/tables.ts'
import { readConfig } from './config.ts'
import { addStockRoutes } from './http/stock-routes.ts'
import { inventorySubscription } from './subscription.ts'

const config = readConfig(process.env)
const logger = createLogger({ service: 'inventory', level: config.LOG_LEVEL, mixin: logCorrelation })

await runService({
  logger,
  start: async (closing) => {
    const telemetry = await startTelemetry({
      serviceName: 'inventory',
      otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      prometheus: config.METRICS_PORT === undefined ? undefined : { port: config.METRICS_PORT, host: config.HOST },
      logger,
    })
    closing.defer(async () => void (await telemetry.shutdown()))

    const database = await openDatabase<InventoryTables>({
      url: config.DATABASE_URL,
      schema: config.DATABASE_SCHEMA,
      logger,
    })
    closing.defer(() => database.close())
    await migrate(database, migrations)

    const bus = createEventBus({
      source: 'inventory-service',
      driver: kafkajs({ brokers: config.KAFKA_BROKERS }),
      logger,
    })
    closing.defer(() => bus.close())
    const relay = startRelay({ database, publisher: bus, logger })
    closing.defer(() => relay.close())
    const retention = startRetention({ database, logger })
    closing.defer(() => retention.close())
    const subscription = bus.subscribe(inventorySubscription({ database, instanceId: config.INSTANCE_ID }))
    closing.defer(() => subscription.close())

    const health = async () => {
      const consuming = subscription.health()
      const outbox = await outboxState(database.kysely).catch(() => null)
      return {
        live: consuming.live,
        ready: consuming.ready && outbox !== null,
        details: { consuming, relay: relay.health(), outbox },
      }
    }
    const app = createHttpServer({ logger, health })
    addStockRoutes(app, database)
    closing.defer(() => app.close())
    return { port: await listen(app, { port: config.PORT, host: config.HOST }), failed: subscription.failed }
  },
})
