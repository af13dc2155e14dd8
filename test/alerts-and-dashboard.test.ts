import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { attributeNames, metricNames } from '../packages/event-bus/src/tracing/names.ts'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const alerts = read('infra/prometheus/alerts.yml')
const dashboard = read('infra/grafana/dashboards/tributary.json')

/** As Prometheus writes a name, without what it appends to counters and histograms. */
const asPrometheus = (name: string): string => name.replaceAll('.', '_')

/** Every word in queries that looks like one of our metrics or labels. */
const namesIn = (queries: string): Set<string> =>
  new Set(queries.match(/\b(?:tributary|messaging)_[a-z_]+|\berror_type\b/g))

describe.each([
  ['alert rules', alerts.replaceAll(/runbook_url: .*/g, '')],
  ['dashboard', dashboard],
])('the %s', (_what, queries) => {
  it('use only metrics and labels that the bus emits', () => {
    const metrics = Object.values(metricNames).map(asPrometheus)
    const emitted = new Set([
      ...metrics.flatMap((name) => [name, `${name}_total`, `${name}_bucket`]),
      ...Object.values(attributeNames).map(asPrometheus),
    ])
    const used = namesIn(queries)
    expect(used.size).toBeGreaterThan(5)
    expect([...used].filter((name) => !emitted.has(name))).toEqual([])
  })
})

it('every metric of the bus is on the dashboard', () => {
  const used = [...namesIn(dashboard)].map((name) => name.replace(/_(?:total|bucket)$/, ''))
  expect(
    Object.values(metricNames)
      .map(asPrometheus)
      .filter((name) => !used.includes(name)),
  ).toEqual([])
})

it('every alert has its runbook, and every runbook its alert', () => {
  const runbooks = [...read('docs/operations/alerts-and-runbooks.md').matchAll(/^## (.+)$/gm)].map(
    ([, heading]) => heading,
  )
  const rules = [...alerts.matchAll(/- alert: (\S+)/g)].map(([, name]) => name)
  expect(rules.toSorted()).toEqual(runbooks.toSorted())
  const urls = [...alerts.matchAll(/runbook_url: (\S+)/g)].map(([, url]) => url)
  expect(urls).toEqual(rules.map((name) => `docs/operations/alerts-and-runbooks.md#${name?.toLowerCase()}`))
})
