import { type DeadLetter, placeOf } from '../../dlq/dead-letter.ts'
import { type DecodedValue, valueReader } from '../../dlq/decode-value.ts'
import { letterInFull, readable } from '../../dlq/describe.ts'
import { readDeadLetter } from '../../dlq/read-dead-letters.ts'
import { scanDeadLetters } from '../../dlq/scan.ts'
import { UsageError } from '../../environment.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Session } from '../../session.ts'
import type { Output } from '../../terminal/output.ts'
import { loadDefinitions } from '../../topics/load-definitions.ts'
import { type FilterOptions, filterFrom } from './filter-options.ts'
import { topicsOf } from './topics-of.ts'

export interface ShowOptions extends FilterOptions {
  readonly group?: string
  readonly topic?: string
  readonly all?: boolean
  readonly limit: number
  readonly module?: readonly string[]
  readonly registry?: string
}

/**
 * Dead letters with all their bytes: one by its place, or those of a group that the filters mean.
 *
 * @param place - `<dead-letter topic>/<partition>/<offset>`, as `dlq list` prints it.
 */
export async function dlqShow(
  session: Session,
  place: string | undefined,
  workingDirectory: string,
  options: ShowOptions,
): Promise<number> {
  const { admin, output, driver } = session
  const letters = place === undefined ? await lettersOf(session, options) : [await letterAt(session, place)]
  const definitions = options.module === undefined ? null : await loadDefinitions(options.module, workingDirectory)
  const read = await valueReader(driver, await admin.listTopics(), { definitions, registry: options.registry })
  const results: object[] = []
  for (const letter of letters) {
    const value = await read(letter.record)
    results.push({ ...letterInFull(letter), ...value })
    printLetter(output, letter, value)
  }
  output.result(place === undefined ? results : results[0])
  if (place === undefined) output.line(`${letters.length} shown`)
  return exitCodes.done
}

async function letterAt({ admin }: Session, place: string): Promise<DeadLetter> {
  const match = /^(?<topic>[^/]+)\/(?<partition>\d+)\/(?<offset>\d+)$/.exec(place)
  if (!match?.groups)
    throw new UsageError(
      `"${place}" is no place: give <dead-letter topic>/<partition>/<offset>, as \`dlq list\` prints it`,
    )
  const { topic = '', partition = '', offset = '' } = match.groups
  const letter = await readDeadLetter(admin, { topic, partition: Number(partition) }, BigInt(offset))
  if (!letter) throw new UsageError(`nothing lies at ${place}: retention may have removed it`)
  return letter
}

async function lettersOf({ admin }: Session, options: ShowOptions): Promise<DeadLetter[]> {
  const { group, topic, limit } = options
  if (group === undefined) throw new UsageError('which one? Give a place as `dlq list` prints it, or a --group')
  const topics = await topicsOf(admin, { group, ...(topic !== undefined && { topic }) })
  const letters: DeadLetter[] = []
  for await (const letter of scanDeadLetters(admin, topics, {
    filter: filterFrom(options),
    isAll: options.all ?? false,
  })) {
    letters.push(letter)
    if (letters.length === limit) break
  }
  return letters
}

function printLetter(output: Output, letter: DeadLetter, value: DecodedValue): void {
  const { record } = letter
  const ifNull = letter.isPointer ? '(null: only a pointer fitted, see tributary.origin.*)' : '(null)'
  output.line(placeOf(letter))
  output.line(`  timestamp  ${new Date(record.timestamp).toISOString()}`)
  output.line(`  key        ${readable(record.key) ?? '(null)'}`)
  if (value.decoded !== null) {
    output.line(`  value      ${JSON.stringify(value.decoded, null, 2).replaceAll('\n', '\n             ')}`)
  } else {
    output.line(`  value      ${readable(record.value) ?? ifNull}`)
    if ('why' in value && record.value !== null)
      output.line(`             (${record.value.length} bytes, not decoded: ${value.why})`)
  }
  output.line('  headers')
  for (const [name, bytes] of record.headers) output.line(`    ${name}: ${readable(bytes) ?? '(null)'}`)
}
