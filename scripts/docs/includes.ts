/** Blocks of a page that show another file: between `<!-- include: path -->` and `<!-- /include -->`, paths from the root of the repository. */
import { extname } from 'node:path'
import type { Tree } from './tree.ts'

const block = /^<!-- include: (?<path>\S+) -->\n(?<shown>[\s\S]*?)^<!-- \/include -->$/gm

const languages: Readonly<Record<string, string>> = {
  '.ts': 'ts',
  '.cjs': 'js',
  '.mjs': 'js',
  '.json': 'json',
  '.sh': 'sh',
  '.yml': 'yaml',
  '.sql': 'sql',
}

/** The page with every block showing its file as it is now. @throws Error when a file is missing. */
export function withIncludes(page: string, tree: Tree): string {
  return page.replaceAll(
    block,
    (_whole, path: string) => `<!-- include: ${path} -->\n${fenced(path, tree)}<!-- /include -->`,
  )
}

/** What is wrong with the blocks of a page: markers without a partner, missing files, stale copies. */
export function includeFaults(page: string, tree: Tree): string[] {
  const faults: string[] = []
  let known = 0
  for (const { groups } of page.matchAll(block)) {
    const { path = '', shown = '' } = groups ?? {}
    known += 1
    if (!tree.exists(path)) faults.push(`includes ${path}, which does not exist`)
    else if (shown !== fenced(path, tree))
      faults.push(`the copy of ${path} is stale: run \`pnpm docs:sync\`\n${difference(shown, fenced(path, tree))}`)
  }
  const markers = page.match(/^<!-- (?:include: .*|\/include) -->$/gm)?.length ?? 0
  if (markers !== 2 * known) faults.push('an include marker has no partner')
  return faults
}

function fenced(path: string, tree: Tree): string {
  const text = tree.read(path)
  return `\`\`\`${languages[extname(path)] ?? 'text'}\n${text.endsWith('\n') ? text : `${text}\n`}\`\`\`\n`
}

/** The lines that differ, from the first to the last one. */
function difference(shown: string, actual: string): string {
  const [was, is] = [shown.split('\n'), actual.split('\n')]
  let start = 0
  while (start < was.length && start < is.length && was[start] === is[start]) start += 1
  let end = 0
  while (end < was.length - start && end < is.length - start && was.at(-1 - end) === is.at(-1 - end)) end += 1
  const lines = (sign: string, text: readonly string[]): string[] =>
    text.slice(start, text.length - end).map((line) => `    ${sign} ${line}`)
  return [...lines('-', was), ...lines('+', is)].join('\n')
}
