import { describe, expect, it } from 'vitest'
import { includeFaults, withIncludes } from '../scripts/docs/includes.ts'
import { headingAnchors, linkFaults } from '../scripts/docs/links.ts'
import { sourceFaults } from '../scripts/docs/sources.ts'
import type { Tree } from '../scripts/docs/tree.ts'

const files: Readonly<Record<string, string>> = {
  'examples/a.ts': 'const a = 1\n',
  'docs/page.md': '# A `Page`: of sorts\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n',
}
const tree: Tree = {
  read: (path) => files[path] ?? '',
  exists: (path) => path === 'docs' || path in files,
  isFolder: (path) => path === 'docs',
}
const page = (shown: string): string => `before\n<!-- include: examples/a.ts -->\n${shown}<!-- /include -->\nafter\n`

describe('included blocks', () => {
  it('show the file as it is, and are left alone when they do', () => {
    const fresh = page('```ts\nconst a = 1\n```\n')
    expect(withIncludes(page(''), tree)).toBe(fresh)
    expect(withIncludes(fresh, tree)).toBe(fresh)
    expect(includeFaults(fresh, tree)).toEqual([])
  })

  it('are reported with what differs when they are stale', () => {
    const [fault] = includeFaults(page('```ts\nconst a = 2\n```\n'), tree)
    expect(fault).toContain('pnpm docs:sync')
    expect(fault).toMatch(/- const a = 2\n {4}\+ const a = 1$/)
  })

  it('are reported when the file is missing or a marker stands alone', () => {
    expect(includeFaults('<!-- include: no/such.ts -->\n<!-- /include -->\n', tree)).toEqual([
      'includes no/such.ts, which does not exist',
    ])
    expect(includeFaults('<!-- include: examples/a.ts -->\n', tree)).toEqual(['an include marker has no partner'])
  })
})

describe('links', () => {
  const faults = (text: string): string[] => linkFaults('docs/other.md', text, tree)

  it('are right when file and heading are there', () => {
    expect(
      faults(
        '[a](page.md), [b](./page.md#a-page-of-sorts), [c](../docs), [d](page.md#twice-1), [e](https://x.example/y)',
      ),
    ).toEqual([])
  })

  it('are reported when the file, or the heading in it, is not there', () => {
    expect(faults('[a](missing.md)')).toEqual(['the link missing.md leads to docs/missing.md, which does not exist'])
    expect(faults('![a](page.md#nowhere)')).toEqual([
      'the link page.md#nowhere leads to a heading that docs/page.md does not have',
    ])
    expect(faults('[a](../../else.md)')).toEqual(['the link ../../else.md leaves the repository'])
  })

  it('are none in code', () => {
    expect(faults('`[a](missing.md)`\n\n```md\n[a](missing.md)\n```\n')).toEqual([])
  })

  it('know headings as GitHub names them', () => {
    expect([...headingAnchors(files['docs/page.md'] ?? '')]).toEqual(['a-page-of-sorts', 'twice', 'twice-1'])
  })
})

describe('files that are named', () => {
  const faults = (text: string): string[] => sourceFaults(text, ['packages/a/src/rooms/door.ts', 'scripts/docs.ts'])

  it('are right when they are the end of a path', () => {
    expect(faults('`door.ts`, `rooms/door.ts`, `packages/a/src/rooms/door.ts`, `scripts/docs.ts`')).toEqual([])
    expect(faults('`new Map()`, `node elsewhere.ts`, `*.real.test.ts`, elsewhere.ts')).toEqual([])
  })

  it('are reported when they were moved or renamed', () => {
    expect(faults('`src/door.ts` and `oor.ts`')).toEqual([
      'names src/door.ts, which does not exist',
      'names oor.ts, which does not exist',
    ])
  })
})
