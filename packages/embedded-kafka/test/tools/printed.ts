/** What is the same on every broker of what a tool prints. */

/** Its lines, with what differs from broker to broker left out: ids, addresses, the width of columns. */
export function lines(printed: string, topic: string): string[] {
  return printed
    .replaceAll(topic, 'TOPIC')
    .replaceAll(/TopicId: \S+/g, 'TopicId: ID')
    .replaceAll(/(Leader|Replicas|Isr): \d+/g, '$1: NODE')
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '')
}

/** Some columns of a table, row by row. */
export function columns(printed: string, ...names: readonly string[]): string[][] {
  const [header = [], ...rows] = printed
    // The only cell with a space.
    .replaceAll(/COORDINATOR \(ID\)|\S+:\d+\s+\(\d+\)/g, 'COORDINATOR')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))
  return rows.map((row) => names.map((name) => row[header.indexOf(name)] ?? ''))
}
