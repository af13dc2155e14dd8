/** The email service's composition root: environment → configuration → adapters → start; `runService` closes it all in reverse. */
import { createEventBus } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { migrate, openDatabase, startRetention } from '@tributary/postgres'
import { createHttpServer, createLogger, listen, runService } from '@tributary/service-kit'
import { logCorrelation, startTelemetry } from '@tributary/telemetry'
import { createMailer } from './adapters/mailer.ts'
import { readConfig } from './config.ts'
import { emailSubscription } from './subscription.ts'

const config = readConfig(process.env)
const logger = createLogger({ service: 'email', level: config.LOG_LEVEL, mixin: logCorrelation })

await runService({
  logger,
  start: async (closing) => {
    const telemetry = await startTelemetry({
      serviceName: 'email',
      otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      prometheus: config.METRICS_PORT === undefined ? undefined : { port: config.METRICS_PORT, host: config.HOST },
      logger,
    })
    closing.defer(async () => void (await telemetry.shutdown()))

    const database = await openDatabase({ url: config.DATABASE_URL, schema: config.DATABASE_SCHEMA, logger })
    closing.defer(() => database.close())
    await migrate(database)
    const retention = startRetention({ database, logger })
    closing.defer(() => retention.close())

    const mailer = createMailer({ url: config.SMTP_URL, from: config.MAIL_FROM })
    closing.defer(() => mailer.close())
    const bus = createEventBus({
      source: 'email-service',
      driver: kafkajs({ brokers: config.KAFKA_BROKERS }),
      logger,
    })
    closing.defer(() => bus.close())
    const subscription = bus.subscribe(emailSubscription({ database, mailer, instanceId: config.INSTANCE_ID }))
    closing.defer(() => subscription.close())

    const health = () => {
      const consuming = subscription.health()
      return { live: consuming.live, ready: consuming.ready, details: { consuming } }
    }
    const app = createHttpServer({ logger, health })
    closing.defer(() => app.close())
    return { port: await listen(app, { port: config.PORT, host: config.HOST }), failed: subscription.failed }
  },
})
