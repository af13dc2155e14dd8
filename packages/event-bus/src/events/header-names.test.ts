import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { headerNames, provenanceHeaderNames } from './header-names.ts'

const page = readFileSync(new URL('../../../../docs/reference/headers-and-wire.md', import.meta.url), 'utf8')

function documented(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return Array.from(section.matchAll(/^\| `([^`]+)` +\|/gm), ([, name = '']) => name).toSorted()
}

it('the page of headers has those that there are', () => {
  expect(documented('Headers of an event')).toEqual(Object.values(headerNames).toSorted())
  expect(documented('Headers of a dead letter and of a delayed retry')).toEqual(
    Object.values(provenanceHeaderNames).toSorted(),
  )
})
