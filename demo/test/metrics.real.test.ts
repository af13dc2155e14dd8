import { startPrometheus } from '@tributary/infra'
import { expect, it } from 'vitest'
import { generateOrders } from '../src/orders/generated.ts'
import { play } from '../src/play.ts'
import { setStage } from '../src/stage/stage.ts'

const quiet = { at: () => {}, say: () => {}, end: () => {} }

const environment = {
  ...process.env,
  KAFKA_BROKERS: process.env['TRIBUTARY_REAL_KAFKA'],
  DATABASE_URL: process.env['TRIBUTARY_REAL_POSTGRES'],
}

/** As Prometheus calls them: dots become underscores, counters end in `_total`, histograms in `_bucket`. */
const expected = {
  order: ['messaging_client_sent_messages_total', 'messaging_client_operation_duration_bucket'],
  inventory: [
    'messaging_client_consumed_messages_total',
    'messaging_process_duration_bucket',
    'tributary_lag',
    'tributary_in_flight',
  ],
  email: [
    'tributary_attempts_total',
    'tributary_settlements_total',
    'tributary_oldest_unsettled_age',
    'tributary_commits_total',
  ],
}

it('lets Prometheus scrape the services while they work', { timeout: 120_000 }, async () => {
  await using closing = new AsyncDisposableStack()
  const stage = await setStage({ environment, closing })
  const prometheus = await startPrometheus({
    targets: Object.fromEntries(
      [stage.order, stage.inventory, stage.email].map(({ name, metricsUrl }) => [name, new URL(metricsUrl).host]),
    ),
  })
  closing.defer(() => prometheus.close())
  const query = async (expression: string): Promise<number[]> => {
    const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result.map(({ value }) => Number(value[1]))
  }
  await expect.poll(() => query('sum(up)'), { timeout: 20_000 }).toEqual([3])

  const scenario = generateOrders(50, 7)
  await play({
    stage,
    scenario,
    progress: quiet,
    sequential: false,
    withFaults: false,
    signal: new AbortController().signal,
  })

  for (const [job, names] of Object.entries(expected)) {
    for (const name of names) {
      await expect
        .poll(async () => (await query(`{__name__="${name}",job="${job}"}`)).length, {
          timeout: 10_000,
          message: `${job}: ${name}`,
        })
        .toBeGreaterThan(0)
    }
  }
  await expect
    .poll(() => query('sum(tributary_settlements_total{job="email",tributary_settlement="acked"})'), {
      timeout: 10_000,
    })
    .toEqual([50])
  // Born at zero, or an alert on its first rise would never fire.
  expect(await query('sum(tributary_settlements_total{job="email",tributary_settlement="dead-lettered"})')).toEqual([0])
})
