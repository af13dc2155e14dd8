import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { handle } from '../src/consuming/definition/handler.ts'
import { defineSubscription } from '../src/consuming/definition/subscription-definition.ts'
import { orderPlaced } from './support/orders.ts'

const page = readFileSync(new URL('../../../docs/reference/options.md', import.meta.url), 'utf8')

/** Options by their whole name, as a page writes their defaults. */
function written(options: object, prefix = ''): [name: string, value: string][] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    if (typeof value === 'object' && value !== null) return written(value, `${prefix}${name}.`)
    return [[`${prefix}${name}`, writtenValue(value)]]
  })
}

function writtenValue(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US')
  return typeof value === 'string' ? `\`'${value}'\`` : 'none'
}

it('docs/reference/options.md has every option of a subscription with its default, and no other', () => {
  const { group, on, topics, onFailure, ...options } = defineSubscription({
    group: 'stock',
    on: [handle(orderPlaced, () => {})],
  })
  const [, section = ''] = /^## `defineSubscription`$(.*?)^## /ms.exec(page) ?? []
  const rows = [...section.matchAll(/^\| `([\w.]+)` +\| (\S+) +\|/gm)].map(([, name = '', value = '']) => [name, value])
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(written(options)))
})
