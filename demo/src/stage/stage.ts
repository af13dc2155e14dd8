import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shopEvents, shopSubscriptions } from '@tributary/contracts'
import {
  applyTopics,
  type DriverAdmin,
  type DriverProducer,
  deadLetterTopic,
  planTopics,
  redriveTopic,
} from '@tributary/event-bus'
import { freePorts, type SmtpSink, startSmtpSink } from '@tributary/infra'
import { kafkajs } from '@tributary/kafkajs'
import { type LogEnds, logEnds, startGroupAt } from '../reconcile/log.ts'
import { createMailbox, type Mailbox } from '../reconcile/mailbox.ts'
import { startTraceCollector, type TraceCollector } from '../trace/collector.ts'
import { embeddedDatabases, realDatabases } from './databases.ts'
import { stageKafka } from './kafka.ts'
import { mailRelay } from './mail-relay.ts'
import { readers } from './readers.ts'
import { type ServiceOptions, type ServiceProcess, startService } from './service-process.ts'

/** Everything that the play needs, running. */
export interface Stage {
  readonly order: ServiceProcess
  readonly inventory: ServiceProcess
  readonly email: ServiceProcess
  readonly mailbox: Mailbox
  readonly smtp: SmtpSink
  readonly collector: TraceCollector
  readonly brokers: readonly string[]
  readonly admin: DriverAdmin
  readonly producer: DriverProducer
  /** Where the log ended before the play. */
  readonly beginning: LogEnds
  /** What it runs on, a line each. */
  readonly description: readonly string[]
  /** Asks the services to end, and waits: afterwards everything they did is on the log, in the mailbox and in the trace. */
  stopServices(): Promise<void>
}

export interface StageOptions {
  readonly environment: NodeJS.ProcessEnv
  /** Whatever was started is pushed here, so that it is ended in reverse however the play ends. */
  readonly closing: AsyncDisposableStack
}

const partitions = 6

export async function setStage({ environment, closing }: StageOptions): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-demo-'))
  closing.defer(() => rm(directory, { recursive: true, force: true }))
  const logs = join(directory, 'logs')
  await mkdir(logs)

  const kafka = await stageKafka(environment['KAFKA_BROKERS'])
  closing.defer(() => kafka.close())
  const run = Date.now().toString(36)
  const databaseUrl = environment['DATABASE_URL']
  const databases = databaseUrl
    ? await realDatabases(databaseUrl, ['order', 'inventory', 'email'], run)
    : await embeddedDatabases(join(directory, 'data'))
  closing.defer(() => databases.close())
  const mailbox = createMailbox()
  const relay = mailRelay(environment['SMTP_URL'])
  closing.defer(() => relay.close())
  const smtp = await startSmtpSink({
    ...relay.options,
    onMail: ({ messageId, headers, receivedAtMs }) =>
      mailbox.add({
        messageId,
        orderId: headers['x-order-id'] ?? '',
        outcome: headers['x-order-outcome'] ?? '',
        receivedAtMs,
      }),
  })
  closing.defer(() => smtp.close())
  const collector = await startTraceCollector(environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? null)
  closing.defer(() => collector.close())

  const driver = kafkajs({ brokers: [...kafka.brokers] })
  closing.defer(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'demo' })
  const plan = planTopics({ events: shopEvents, subscriptions: shopSubscriptions, defaults: { partitions } })
  await applyTopics(admin, plan)
  const beginning = await logEnds(
    admin,
    plan.map(({ topic }) => topic),
  )
  for (const [topic, groups] of readers) {
    for (const group of groups) await startGroupAt(admin, group, [topic, redriveTopic(topic, group)], beginning)
  }

  const starting: Promise<ServiceProcess>[] = []
  // When one does not start, the others are still on their way, and have to be ended all the same.
  const stopServices = async (): Promise<void> => {
    const started = await Promise.allSettled(starting.splice(0))
    await Promise.all(started.flatMap((start) => (start.status === 'fulfilled' ? [start.value.stop()] : [])))
  }
  closing.defer(stopServices)
  const [orderMetrics = 0, inventoryMetrics = 0, emailMetrics = 0] = await freePorts(3)
  const start = (name: ServiceOptions['name'], metricsPort: number): Promise<ServiceProcess> => {
    const service = startService({
      name,
      metricsPort,
      logFile: join(logs, `${name}.log`),
      environment: {
        KAFKA_BROKERS: kafka.brokers.join(','),
        // Static membership: what is killed takes its partitions back as soon as it is up again.
        INSTANCE_ID: name,
        DATABASE_URL: databases.urlOf(name),
        SMTP_URL: smtp.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        LOG_LEVEL: environment['LOG_LEVEL'] ?? 'info',
      },
    })
    starting.push(service)
    return service
  }
  const [order, inventory, email] = await Promise.all([
    start('order', orderMetrics),
    start('inventory', inventoryMetrics),
    start('email', emailMetrics),
  ])

  return {
    order,
    inventory,
    email,
    mailbox,
    smtp,
    collector,
    brokers: kafka.brokers,
    admin,
    producer: driver.createProducer({ clientId: 'demo-poison' }),
    beginning,
    description: [
      kafka.describe(),
      databases.describe(),
      `SMTP at ${smtp.url}${relay.describe}`,
      ...[order, inventory, email].map(
        ({ name, pid, url }) => `${name} service: pid ${pid}, ${url}, log ${join(logs, `${name}.log`)}`,
      ),
    ],
    stopServices,
  }
}

export const deadLetterTopics = (): { group: string; topic: string }[] =>
  [...readers].flatMap(([topic, groups]) => groups.map((group) => ({ group, topic: deadLetterTopic(topic, group) })))
