import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** Arrows as the manifests have them: run-time dependencies between workspace packages and services. */
function arrowsOfManifests(): Set<string> {
  const arrows = new Set<string>()
  for (const folder of ['packages', 'services']) {
    const entries = readdirSync(new URL(`${folder}/`, root), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    for (const { name } of entries) {
      const { dependencies = {} } = JSON.parse(read(`${folder}/${name}/package.json`)) as {
        dependencies?: Record<string, string>
      }
      for (const dependency of Object.keys(dependencies)) {
        if (dependency.startsWith('@tributary/')) arrows.add(`${name} --> ${dependency.slice('@tributary/'.length)}`)
      }
    }
  }
  return arrows
}

describe('docs/architecture.md', () => {
  it('draws exactly the arrows of the manifests', () => {
    const drawn = read('docs/architecture.md').match(/^ {2}\S+ --> \S+$/gm) ?? []
    expect(new Set(drawn.map((line) => line.trim()))).toEqual(arrowsOfManifests())
  })

  it('names only files that exist', () => {
    const paths = [...read('docs/architecture.md').matchAll(/`((?:packages|services|test)\/[^`]+)`/g)].map(
      ([, path]) => path ?? '',
    )
    expect(paths.length).toBeGreaterThan(5)
    for (const path of paths) expect(() => readdirOrFile(path), path).not.toThrow()
  })
})

function readdirOrFile(path: string): void {
  if (path.endsWith('/')) readdirSync(new URL(path, root))
  else read(path)
}
