import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJsonLines } from '../src/orders/json-lines.ts'
import { isRetailInvoice } from '../src/orders/online-retail.ts'
import { runDemo, unbalanced } from './run-demo.ts'

const data = (...path: string[]): string => join(process.env['TRIBUTARY_REAL_DATA'] ?? '', ...path)

const onRealComponents = {
  KAFKA_BROKERS: process.env['TRIBUTARY_REAL_KAFKA'] ?? '',
  DATABASE_URL: process.env['TRIBUTARY_REAL_POSTGRES'] ?? '',
  SMTP_URL: process.env['TRIBUTARY_REAL_SMTP'] ?? '',
  OTEL_EXPORTER_OTLP_ENDPOINT: process.env['TRIBUTARY_REAL_OTLP'] ?? '',
}

interface JaegerTrace {
  readonly data: readonly {
    readonly spans: readonly {
      readonly spanID: string
      readonly processID: string
      readonly operationName: string
      readonly references: readonly { readonly refType: string; readonly spanID: string }[]
    }[]
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
  }[]
}

describe('the demo on real Kafka, PostgreSQL and SMTP', { timeout: 240_000 }, () => {
  it('balances with faults, and Jaeger shows one order as one trace over three services', async () => {
    const run = await runDemo([], onRealComponents)
    expect(unbalanced(run)).toEqual([])
    expect(run.exitCode, run.output).toBe(0)
    expect(run.report.accepted).toBe(1000)

    const [root] = run.report.trace
    const response = await fetch(`${process.env['TRIBUTARY_REAL_JAEGER_QUERY']}/api/traces/${root?.traceId}`)
    const { data: traces } = (await response.json()) as JaegerTrace
    expect(traces).toHaveLength(1)
    const { spans, processes } = traces[0] ?? { spans: [], processes: {} }
    const story = (spanID: string): string[] => {
      const span = spans.find((candidate) => candidate.spanID === spanID)
      if (span === undefined) return []
      const parent = span.references.find(({ refType }) => refType === 'CHILD_OF')
      return [
        ...(parent === undefined ? [] : story(parent.spanID)),
        `${processes[span.processID]?.serviceName} ${span.operationName}`,
      ]
    }
    const mail = spans.find(
      ({ processID, operationName }) =>
        processes[processID]?.serviceName === 'email' && operationName === 'process orders',
    )
    expect(story(mail?.spanID ?? '')).toEqual([
      'order POST /orders',
      'order send orders',
      'inventory process orders',
      'inventory send inventory',
      'order process inventory',
      'order send orders',
      'email process orders',
    ])
  })

  it("fills exactly 95 of Northwind's 830 orders when they are placed one after another", async () => {
    const run = await runDemo(
      ['--orders', data('northwind', 'orders.jsonl'), '--sequential', '--no-faults'],
      onRealComponents,
    )
    expect(unbalanced(run)).toEqual([])
    const { confirmed, rejected, unitsLeft } = run.report
    expect([confirmed.length, rejected.length, unitsLeft]).toEqual([95, 735, 1060])
    expect([rejected[0], confirmed.at(-1)]).toEqual(['10249', '11074'])
  })

  it('refuses at the door what is no order among 2,000 invoices, and the rest balances', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-invoices-'))
    const file = join(directory, 'invoices.jsonl')
    await writeFile(file, await someInvoices(2000))
    const run = await runDemo(['--orders', file], onRealComponents)
    await rm(directory, { recursive: true })
    expect(unbalanced(run)).toEqual([])
    const { accepted, refused } = run.report
    expect(accepted + refused.length).toBe(2000)
    expect(refused.every(({ status, title }) => status >= 400 && status < 500 && title.length > 10)).toBe(true)
    expect(refused.filter(({ orderId }) => orderId.startsWith('C')).length).toBeGreaterThan(100)
  })
})

/** The first invoices, with all their dirt, and the longest of all, of 1,114 lines. */
async function someInvoices(count: number): Promise<string> {
  const rows: string[] = []
  for await (const row of readJsonLines(data('online-retail', 'invoices.jsonl.gz'))) {
    const isLongest = isRetailInvoice(row) && row.lines.length === 1114
    if (rows.length < count - 1 || isLongest) rows.push(JSON.stringify(row))
    if (isLongest) break
  }
  return rows.join('\n')
}
