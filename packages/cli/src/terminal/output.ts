/** Where a command says what it has to say: text for people, or JSON for programs, never both. */
export interface Output {
  readonly isJson: boolean
  /** A line for people; nothing when JSON is asked for. */
  line(text: string): void
  /** The result for programs; nothing otherwise. */
  result(value: unknown): void
  /** Rows under headings, in columns. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void
}

export function createOutput(isJson: boolean, write: (text: string) => void): Output {
  const line = (text: string): void => {
    if (!isJson) write(`${text}\n`)
  }
  return {
    isJson,
    line,
    result(value) {
      if (isJson) write(`${JSON.stringify(value, jsonValue, 2)}\n`)
    },
    table(headings, rows) {
      const widths = headings.map((heading, column) =>
        Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
      )
      for (const row of [headings, ...rows]) {
        line(
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd(),
        )
      }
    },
  }
}

/** Offsets do not fit into JSON's numbers: they are strings, as in Kafka's own tools. */
function jsonValue(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
