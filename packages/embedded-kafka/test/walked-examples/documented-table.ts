import { readFileSync } from 'node:fs'
import path from 'node:path'

const page = path.join(import.meta.dirname, '../../../../docs/embedded-kafka.md')

/** The rows of the table in docs/embedded-kafka.md that begins with these headings, without backticks. */
export function documentedTable(...headings: readonly string[]): string[][] {
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''))
  const lines = readFileSync(page, 'utf8').split('\n')
  const first = lines.findIndex((line) => headings.every((heading, index) => cells(line)[index] === heading))
  if (first < 0) throw new Error(`docs/embedded-kafka.md has no table with the headings ${headings.join(', ')}`)
  const rest = lines.slice(first + 2)
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map(cells)
}
