import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kinds } from './representation.ts'

/** Cells may be padded, so that the table reads well as text. */
const page = readFileSync(new URL('../../../../docs/reference/avro-types.md', import.meta.url), 'utf8').replaceAll(
  / +\|/g,
  ' |',
)

/** How the page writes a key of the table: `long:time-micros` as two words. */
function rowFor(representation: string): string {
  if (representation === 'long:number') return "| `long` with `js: 'number'` |"
  return `| ${representation
    .split(':')
    .map((word) => `\`${word}\``)
    .join(' ')} |`
}

describe('the page on Avro types', () => {
  it('has a row for each representation', () => {
    expect(Object.keys(kinds).filter((key) => !page.includes(rowFor(key)))).toEqual([])
  })

  it('has no row for a type that is not one', () => {
    const rows = [...page.matchAll(/^\| (`[a-z0-9-]+`(?: `[a-z0-9-]+`)?) \|/gm)].map(([, cell]) =>
      (cell ?? '').replaceAll('`', '').replace(' ', ':'),
    )
    expect(rows.filter((row) => !(row in kinds) && row !== 'union')).toEqual([])
  })
})
