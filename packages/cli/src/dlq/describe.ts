import { type DeadLetter, placeOf } from './dead-letter.ts'

export const letterHeadings = ['PLACE', 'TYPE', 'KEY', 'REASON', 'ERROR', 'ATTEMPTS', 'FAILED AT', 'REDRIVES'] as const

const LONGEST_CELL = 60

export function letterRow(letter: DeadLetter): string[] {
  const { eventType, key, reason, errorClass, errorMessage, attempts, failedAt, redriveCount } = letter
  const error = [errorClass, errorMessage].filter((part) => part !== null).join(': ')
  return [
    placeOf(letter),
    eventType ?? '?',
    key ?? '(null)',
    reason ?? '?',
    error,
    String(attempts ?? '?'),
    failedAt ?? '?',
    String(redriveCount),
  ].map(oneLine)
}

/** For programs: everything but the bytes, which `dlq show` gives. */
export function letterSummary(letter: DeadLetter): object {
  const { record: _record, ...summary } = letter
  return { place: placeOf(letter), ...summary }
}

/** A dead letter with its bytes: as text where they are text, in hex otherwise. */
export function letterInFull(letter: DeadLetter): object {
  const { record } = letter
  return {
    ...letterSummary(letter),
    timestamp: new Date(record.timestamp).toISOString(),
    key: readable(record.key),
    value: readable(record.value),
    headers: record.headers.map(([name, value]) => ({ name, value: readable(value) })),
  }
}

/** Text when the bytes are printable UTF-8, `0x…` otherwise, null for null. */
export function readable(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(bytes) && !/[^\P{Cc}\t\n\r]/u.test(text)
  return isText ? text : `0x${bytes.toString('hex')}`
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ')
  return line.length <= LONGEST_CELL || !line.includes(' ') ? line : `${line.slice(0, LONGEST_CELL - 1)}…`
}
