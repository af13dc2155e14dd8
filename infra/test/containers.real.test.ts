import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type KafkaHandle,
  type PostgresHandle,
  type SmtpSink,
  startKafka,
  startPostgres,
  startPrometheus,
  startSmtpSink,
} from '@tributary/infra'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { containerLogs, podman } from '../src/containers/podman.ts'
import { buildServiceImage } from '../src/containers/service-image.ts'
import { infraDir } from '../src/host/cache.ts'
import { requireCommand, run } from '../src/host/command.ts'
import { freePorts } from '../src/host/ports.ts'

const services = ['order', 'inventory', 'email'] as const
type Service = (typeof services)[number]

test('docker-compose accepts docker-compose.yml', async () => {
  const compose = await requireCommand('docker-compose', 'docker-compose')
  const config = await run(compose, ['config'], { cwd: path.dirname(infraDir) })
  for (const service of [...services, 'topics', 'kafka', 'postgres', 'jaeger', 'prometheus', 'grafana', 'mail']) {
    expect(config).toContain(`\n  ${service}:\n`)
  }
})

// Components of its own: the services use the group names of the demo, which runs on the shared ones.
describe('the image of the services', () => {
  let image: string
  let kafka: KafkaHandle
  let postgres: PostgresHandle
  let sink: SmtpSink
  let ports: Record<Service, { http: number; metrics: number }>
  const started: string[] = []

  const environment = (service: Service): string[] =>
    Object.entries({
      KAFKA_BROKERS: kafka.brokers.join(','),
      DATABASE_URL: postgres.url,
      DATABASE_SCHEMA: `shop_${service}`,
      SMTP_URL: sink.url,
      HOST: '127.0.0.1',
      PORT: String(ports[service].http),
      METRICS_PORT: String(ports[service].metrics),
    }).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const url = (service: Service, route: string): string => `http://127.0.0.1:${ports[service].http}${route}`

  beforeAll(async () => {
    image = await buildServiceImage()
    ;[kafka, postgres, sink] = await Promise.all([startKafka(), startPostgres(), startSmtpSink()])
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = await freePorts(6)
    ports = { order: { http: a, metrics: b }, inventory: { http: c, metrics: d }, email: { http: e, metrics: f } }
  }, 900_000)

  afterAll(async () => {
    for (const name of started) await podman('rm', '--force', '--time', '0', name)
    await Promise.all([kafka?.close(), postgres?.close(), sink?.close()])
  })

  test('makes the topics as docker-compose does', async () => {
    const ensure = ['packages/cli/src/main.ts', 'topics', 'ensure', '--module', 'packages/contracts/src/topology.ts']
    await podman(
      'run',
      '--rm',
      '--network',
      'host',
      '--env',
      `KAFKA_BROKERS=${kafka.brokers.join(',')}`,
      image,
      ...ensure,
    )
    const topics = await kafka.tool(
      'org.apache.kafka.tools.TopicCommand',
      '--bootstrap-server',
      kafka.brokers.join(','),
      '--list',
    )
    expect(topics.split('\n')).toEqual(expect.arrayContaining(['orders', 'orders.inventory.dlq']))
  })

  test('runs the three services, which take an order through to its mail', async () => {
    for (const service of services) {
      const name = `tributary-${service}-${process.pid}`
      started.push(name)
      await podman(
        'run',
        '--detach',
        '--network',
        'host',
        '--name',
        name,
        ...environment(service),
        image,
        `services/${service}/src/main.ts`,
      )
    }
    await Promise.all(started.map((name, index) => untilReady(name, url(services[index] ?? 'order', '/health/ready'))))
    const order = {
      orderId: 'C-1',
      customerId: 'ann',
      email: 'ann@shop.example',
      lines: [{ sku: 'none', quantity: 1, unitPrice: '1.00' }],
    }
    const placed = await fetch(url('order', '/orders'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    })
    expect(placed.status, await placed.text()).toBe(202)
    // Nothing is in stock in a new shop.
    await expect.poll(() => orderStatus(url('order', '/orders/C-1')), { timeout: 30_000 }).toBe('rejected')
    await expect.poll(() => sink.mails.map((mail) => mail.to), { timeout: 30_000 }).toEqual([['ann@shop.example']])
  })

  test('runs them as a user without rights', async () => {
    expect((await podman('exec', started[0] ?? '', 'id', '-un')).trim()).toBe('node')
  })

  test('serves metrics that Prometheus scrapes, and every query of the dashboard is answered', async () => {
    const targets = services.map((service) => [service, `127.0.0.1:${ports[service].metrics}`])
    const prometheus = await startPrometheus({ targets: Object.fromEntries(targets) })
    onTestFinished(() => prometheus.close())
    const query = async (expression: string): Promise<{ status: string; data: { result: unknown[] } }> => {
      const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`)
      return (await response.json()) as { status: string; data: { result: unknown[] } }
    }
    await expect.poll(async () => (await query('up == 1')).data.result.length, { timeout: 20_000 }).toBe(3)
    const present = await query('count by (__name__) ({__name__=~"(messaging|tributary)_.*"})')
    const names = present.data.result.map((series) => (series as { metric: { __name__: string } }).metric.__name__)
    expect(names).toEqual(expect.arrayContaining([...scraped]))
    for (const expression of await dashboardQueries()) {
      expect((await query(expression)).status, expression).toBe('success')
    }
  })

  test('passes SIGTERM on: each service drains and ends with status 0', async () => {
    for (const name of started) {
      await podman('stop', '--time', '40', name)
      expect((await podman('inspect', '--format', '{{.State.ExitCode}}', name)).trim(), name).toBe('0')
    }
  })
})

async function untilReady(container: string, address: string): Promise<void> {
  for (;;) {
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok === true) return
    const state = (await podman('inspect', '--format', '{{.State.Status}}', container)).trim()
    if (state !== 'running') throw new Error(`${container} is ${state}:\n${await containerLogs(container)}`)
    await sleep(250)
  }
}

/** What design, alerts and dashboard speak of, as soon as one order has gone through. */
const scraped = [
  'messaging_client_sent_messages_total',
  'messaging_client_operation_duration_bucket',
  'messaging_client_consumed_messages_total',
  'messaging_process_duration_bucket',
  'tributary_attempts_total',
  'tributary_attempts_abandoned_total',
  'tributary_settlements_total',
  'tributary_commits_total',
  'tributary_lag',
  'tributary_oldest_unsettled_age',
  'tributary_in_flight',
] as const

async function dashboardQueries(): Promise<string[]> {
  const file = await readFile(path.join(infraDir, 'grafana/dashboards/tributary.json'), 'utf8')
  const dashboard = JSON.parse(file) as { panels: { targets: { expr: string }[] }[] }
  return dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr))
}

async function orderStatus(address: string): Promise<string> {
  const body = (await (await fetch(address)).json()) as { status: string }
  return body.status
}
