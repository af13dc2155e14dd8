import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type PrometheusHandle, startPrometheus } from '@tributary/infra'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { infraDir } from '../src/host/cache.ts'
import { requireCommand, run } from '../src/host/command.ts'

const cwd = path.join(infraDir, 'prometheus')
const promtool = (...args: string[]) =>
  requireCommand('promtool', 'prometheus').then((command) => run(command, args, { cwd }))

let prometheus: PrometheusHandle
beforeAll(async () => {
  prometheus = await startPrometheus()
})
afterAll(() => prometheus?.close())

const query = async (expression: string): Promise<string[]> => {
  const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const body = (await response.json()) as { data: { result: { value: [number, string] }[] } }
  return body.data.result.map(({ value }) => value[1])
}

test('promtool accepts the configuration and the alert rules', async () => {
  expect(await promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS')
  expect(await promtool('check', 'rules', 'alerts.yml')).toContain('SUCCESS')
})

test('the alerts fire and stay silent as their unit tests say', async () => {
  expect(await promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS')
})

test('a service is scraped, and its first dead letter makes the alert fire', async () => {
  let deadLetters = 0
  const labels =
    'messaging_destination_name="orders",messaging_consumer_group_name="email",tributary_settlement="dead-lettered"'
  const service = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`# TYPE tributary_settlements_total counter\ntributary_settlements_total{${labels}} ${deadLetters}\n`)
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  await prometheus.scrape({ email: `127.0.0.1:${(service.address() as AddressInfo).port}` })
  // The series must have been seen at 0, or there is no rise to see.
  await expect.poll(() => query('tributary_settlements_total'), { timeout: 20_000 }).toEqual(['0'])
  deadLetters = 1
  await expect.poll(() => query('ALERTS{alertname="DeadLettersGrowing"}'), { timeout: 20_000 }).toEqual(['1'])
  service.close()
})
