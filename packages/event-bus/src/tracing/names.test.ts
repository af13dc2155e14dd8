import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { attributeNames, metricNames, spanNames } from './names.ts'

const page = readFileSync(new URL('../../../../docs/reference/metrics-and-spans.md', import.meta.url), 'utf8')

/** The first column of the table under a heading. */
function documented(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return Array.from(section.matchAll(/^\| `([^`]+)` +\|/gm), ([, name = '']) => name).toSorted()
}

describe('the page of metrics and spans', () => {
  it('has the spans that there are', () => {
    expect(documented('Spans')).toEqual(
      Object.values(spanNames)
        .map((name) => `${name} <topic>`)
        .toSorted(),
    )
  })

  it('has the attributes that there are', () => {
    expect(documented('Attributes')).toEqual(Object.values(attributeNames).toSorted())
  })

  it('has the metrics that there are', () => {
    expect(documented('Metrics')).toEqual(Object.values(metricNames).toSorted())
  })

  it('names each metric as Prometheus shows it', () => {
    const rows = Array.from(page.matchAll(/^\| `([a-z_.]+)` +\| `([a-z_]+)` +\| (\w+)/gm))
    expect(rows).toHaveLength(Object.keys(metricNames).length)
    for (const [, name = '', shown, kind] of rows) {
      expect(shown).toBe(`${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`)
    }
  })
})
