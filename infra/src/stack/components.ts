import path from 'node:path'
import { infraDir } from '../host/cache.ts'
import { freePorts } from '../host/ports.ts'
import { startService } from '../host/service-process.ts'
import { startJaeger } from '../jaeger/start-jaeger.ts'
import { startKafka } from '../kafka/start-kafka.ts'
import { startPostgres } from '../postgres/start-postgres.ts'
import { startPrometheus } from '../prometheus/start-prometheus.ts'

/** Starts a component that outlives this process, with everything it writes in `stateDir`. Resolves with what a service needs in its environment. */
type StartDetached = (stateDir: string, port: number | undefined) => Promise<Record<string, string>>

/** What `infra up` can start. The names of the variables are those that the services and the demo read. */
export const components: Readonly<Record<string, StartDetached>> = {
  kafka: (stateDir, port) => kafka(1, stateDir, port),
  kafka3: (stateDir, port) => kafka(3, stateDir, port),
  postgres: async (stateDir, port) => {
    const postgres = await startPostgres({ stateDir, lifetime: 'detached', ...(port === undefined ? {} : { port }) })
    return { DATABASE_URL: postgres.url }
  },
  jaeger: async (stateDir, port) => {
    const jaeger = await startJaeger({
      stateDir,
      lifetime: 'detached',
      ...(port === undefined ? {} : { firstPort: port }),
    })
    return { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpEndpoint, JAEGER_QUERY_URL: jaeger.queryUrl }
  },
  prometheus: async (stateDir, port) => {
    const prometheus = await startPrometheus({
      stateDir,
      lifetime: 'detached',
      ...(port === undefined ? {} : { port }),
    })
    return { PROMETHEUS_URL: prometheus.url, PROMETHEUS_TARGETS_FILE: path.join(stateDir, 'targets.json') }
  },
  smtp: async (stateDir, port) => {
    const [smtp, mailbox] = await freePorts(2, port)
    await startService({
      name: 'smtp',
      command: process.execPath,
      args: [path.join(infraDir, 'src/smtp/main.ts'), String(smtp), String(mailbox)],
      logFile: path.join(stateDir, 'smtp.log'),
      pidFile: path.join(stateDir, 'smtp.pid'),
      lifetime: 'detached',
      isReady: (log) => log.includes('ready'),
    })
    return { SMTP_URL: `smtp://127.0.0.1:${smtp}`, MAILBOX_URL: `http://127.0.0.1:${mailbox}/mails` }
  },
}

async function kafka(nodes: 1 | 3, stateDir: string, port: number | undefined): Promise<Record<string, string>> {
  const started = await startKafka({
    nodes,
    stateDir,
    lifetime: 'detached',
    ...(port === undefined ? {} : { firstPort: port }),
  })
  return {
    KAFKA_BROKERS: started.brokers.join(','),
    KAFKA_SASL_BROKERS: started.saslBrokers.join(','),
    KAFKA_SSL_BROKERS: started.sslBrokers.join(','),
    KAFKA_CA_FILE: started.certificates.caFile,
  }
}
