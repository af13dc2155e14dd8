import path from 'node:path'
import { infraDir } from '../host/cache.ts'
import { requireCommand } from '../host/command.ts'
import { startJaeger } from '../jaeger/start-jaeger.ts'
import { kafkaClassPath } from '../kafka/jars.ts'
import { type KafkaHandle, startKafka } from '../kafka/start-kafka.ts'
import { startPostgres } from '../postgres/start-postgres.ts'
import { startPrometheus } from '../prometheus/start-prometheus.ts'
import { pythonEnvironment } from '../python/environment.ts'
import { startMailboxServer } from '../smtp/mailbox-server.ts'
import { startSmtpSink } from '../smtp/start-smtp-sink.ts'
import { startNodeControl } from './node-control.ts'
import { findTestData } from './test-data.ts'

export interface StartedComponent {
  /** The environment variables that the component promised, with their values. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

export interface RealComponent {
  /** What tests read; a test file that names one of these gets the component started. */
  readonly variables: readonly string[]
  start(): Promise<StartedComponent>
}

/** Everything that a `*.real.test.ts` can ask for. */
export const realComponents: Readonly<Record<string, RealComponent>> = {
  /** One node. Brokers as `host:port`; several are separated by commas. */
  kafka: {
    variables: [
      'TRIBUTARY_REAL_KAFKA',
      'TRIBUTARY_REAL_KAFKA_SASL',
      'TRIBUTARY_REAL_KAFKA_SSL',
      'TRIBUTARY_REAL_KAFKA_CA',
    ],
    start: async () => {
      const kafka = await startKafka()
      return { env: kafkaEnv('TRIBUTARY_REAL_KAFKA', kafka), close: () => kafka.close() }
    },
  },
  /** Three nodes. `POST ${TRIBUTARY_REAL_KAFKA3_CONTROL}/nodes/2/kill` and `…/restart` stage the loss of a broker. */
  kafka3: {
    variables: [
      'TRIBUTARY_REAL_KAFKA3',
      'TRIBUTARY_REAL_KAFKA3_SASL',
      'TRIBUTARY_REAL_KAFKA3_SSL',
      'TRIBUTARY_REAL_KAFKA3_CA',
      'TRIBUTARY_REAL_KAFKA3_CONTROL',
    ],
    start: async () => {
      const kafka = await startKafka({ nodes: 3 })
      const control = await startNodeControl(kafka)
      return {
        env: { ...kafkaEnv('TRIBUTARY_REAL_KAFKA3', kafka), TRIBUTARY_REAL_KAFKA3_CONTROL: control.url },
        close: async () => {
          await control.close()
          await kafka.close()
        },
      }
    },
  },
  /** The programs `java` and `javac`, and the class path of Kafka's client and its command-line tools. */
  kafkaTools: {
    variables: ['TRIBUTARY_REAL_JAVA', 'TRIBUTARY_REAL_JAVAC', 'TRIBUTARY_REAL_KAFKA_TOOLS'],
    start: async () => {
      const java = await requireCommand('java', 'openjdk-17-jre-headless')
      const javac = await requireCommand('javac', 'openjdk-17-jdk-headless')
      return {
        env: {
          TRIBUTARY_REAL_JAVA: java,
          TRIBUTARY_REAL_JAVAC: javac,
          TRIBUTARY_REAL_KAFKA_TOOLS: await kafkaClassPath(),
        },
        close: async () => {},
      }
    },
  },
  /** A Python interpreter that has the clients of `infra/python/clients.txt`. */
  pythonClients: {
    variables: ['TRIBUTARY_REAL_PYTHON_CLIENTS'],
    start: async () => {
      const interpreter = await pythonEnvironment(path.join(infraDir, 'python/clients.txt'))
      return { env: { TRIBUTARY_REAL_PYTHON_CLIENTS: interpreter }, close: async () => {} }
    },
  },
  /** The program `kcat`. */
  kcat: {
    variables: ['TRIBUTARY_REAL_KCAT'],
    start: async () => ({ env: { TRIBUTARY_REAL_KCAT: await requireCommand('kcat', 'kcat') }, close: async () => {} }),
  },
  /** The Go toolchain. */
  go: {
    variables: ['TRIBUTARY_REAL_GO'],
    start: async () => ({ env: { TRIBUTARY_REAL_GO: await requireCommand('go', 'golang-go') }, close: async () => {} }),
  },
  /** A superuser's connection string: each test file makes a database of its own. */
  postgres: {
    variables: ['TRIBUTARY_REAL_POSTGRES'],
    start: async () => {
      const postgres = await startPostgres()
      return { env: { TRIBUTARY_REAL_POSTGRES: postgres.url }, close: () => postgres.close() }
    },
  },
  jaeger: {
    variables: ['TRIBUTARY_REAL_OTLP', 'TRIBUTARY_REAL_JAEGER_QUERY'],
    start: async () => {
      const jaeger = await startJaeger()
      return {
        env: { TRIBUTARY_REAL_OTLP: jaeger.otlpEndpoint, TRIBUTARY_REAL_JAEGER_QUERY: jaeger.queryUrl },
        close: () => jaeger.close(),
      }
    },
  },
  /** `GET ${TRIBUTARY_REAL_MAILBOX}/mails` lists what arrived; `POST /away` and `/back` take the server down and up. */
  smtp: {
    variables: ['TRIBUTARY_REAL_SMTP', 'TRIBUTARY_REAL_MAILBOX'],
    start: async () => {
      const sink = await startSmtpSink()
      const mailbox = await startMailboxServer(sink)
      return {
        env: { TRIBUTARY_REAL_SMTP: sink.url, TRIBUTARY_REAL_MAILBOX: mailbox.url },
        close: async () => {
          await mailbox.close()
          await sink.close()
        },
      }
    },
  },
  /** Without targets; a test that wants its own scraped starts its own with `startPrometheus`. */
  prometheus: {
    variables: ['TRIBUTARY_REAL_PROMETHEUS'],
    start: async () => {
      const prometheus = await startPrometheus()
      return { env: { TRIBUTARY_REAL_PROMETHEUS: prometheus.url }, close: () => prometheus.close() }
    },
  },
  /** Real orders and conformance vectors, read where they lie; nothing of them is part of this repository. */
  data: {
    variables: ['TRIBUTARY_REAL_DATA'],
    start: async () => ({ env: { TRIBUTARY_REAL_DATA: await findTestData() }, close: async () => {} }),
  },
}

function kafkaEnv(prefix: string, kafka: KafkaHandle): Record<string, string> {
  return {
    [prefix]: kafka.brokers.join(','),
    [`${prefix}_SASL`]: kafka.saslBrokers.join(','),
    [`${prefix}_SSL`]: kafka.sslBrokers.join(','),
    [`${prefix}_CA`]: kafka.certificates.caFile,
  }
}
