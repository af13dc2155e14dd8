/** The result of a comparison, one row a client and one column a scenario, as Markdown, with everything explained below it. */
import type { Client } from './driver.ts'

/** `same`: the same on this broker as on Apache Kafka. */
export type Verdict = 'same' | 'different'

/** `verdictOf` gives nothing where nobody looked. `absent` are clients that cannot be had, with the reason. */
export function table(
  clients: readonly Client[],
  scenarios: readonly string[],
  absent: Readonly<Record<string, string>>,
  verdictOf: (client: Client, scenario: string) => Verdict | undefined,
): string {
  const notes: string[] = []
  const noted = (word: string, note: string): string => {
    if (!notes.includes(note)) notes.push(note)
    return `${word} (${notes.indexOf(note) + 1})`
  }
  const cell = (client: Client, scenario: string): string => {
    const [reason, peculiarity] = [client.cannot?.[scenario], client.peculiar?.[scenario]]
    if (reason) return noted('cannot', reason)
    if (client.only && !client.only.includes(scenario)) return '–'
    const verdict = verdictOf(client, scenario) ?? 'not run'
    if (scenario === 'codecs' && client.codecs) return noted(verdict, `writes ${client.codecs.join(', ')} only`)
    return peculiarity ? noted(verdict, peculiarity.why) : verdict
  }
  const rows = [
    ...clients.map((client) => [client.name, ...scenarios.map((scenario) => cell(client, scenario))]),
    ...Object.entries(absent).map(([name, reason]) => [name, ...scenarios.map(() => noted('cannot', reason))]),
  ]
  const legend = ['–: as in the row of the same client in the classic group protocol', '']
  return [grid([['client', ...scenarios], ...rows]), ...legend, ...notes.map((note, at) => `${at + 1}. ${note}`)].join(
    '\n',
  )
}

function grid([header = [], ...rows]: readonly string[][]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((line) => line[column]?.length ?? 0)))
  const asLine = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return `${[header, rule, ...rows].map(asLine).join('\n')}\n`
}
