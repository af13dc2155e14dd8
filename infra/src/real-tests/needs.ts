import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** The `TRIBUTARY_REAL_…` variables that a test file, or a file it imports by a relative path, names. */
export async function variablesNeededBy(testFile: string, seen: Set<string> = new Set()): Promise<Set<string>> {
  if (seen.has(testFile)) return new Set()
  seen.add(testFile)
  const source = await readFile(testFile, 'utf8')
  const needed = new Set(source.match(/TRIBUTARY_REAL_[A-Z0-9_]+/g))
  for (const [, relative] of source.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g)) {
    if (relative === undefined) continue
    for (const variable of await variablesNeededBy(path.resolve(path.dirname(testFile), relative), seen))
      needed.add(variable)
  }
  return needed
}
