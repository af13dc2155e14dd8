import type { OutgoingRecord, RawHeader, RawRecord } from '../driver.ts'
import type { DeadLetter, DepartureForm } from './departure.ts'
import { failureFrom } from './failure.ts'
import { type ErrorDetail, provenanceHeaders } from './provenance.ts'

/** What the record looks like, from all of it to what still says where it lies. */
const FORMS: readonly { readonly detail: ErrorDetail; readonly isPointer: boolean }[] = [
  { detail: 'stack', isPointer: false },
  { detail: 'message', isPointer: false },
  { detail: 'none', isPointer: false },
  { detail: 'none', isPointer: true },
]

/** A pointer's key still groups it with its like; a key beyond this, in bytes, may be what made the record too large. */
const MAX_POINTER_KEY_BYTES = 1_024

export function deadLetterForms(letter: DeadLetter, traceparent: Buffer): DepartureForm[] {
  const { record, history } = letter
  return FORMS.map(({ detail, isPointer }) => (now) => {
    const { origin, redriveCount } = history
    const report = { ...letter, origin, redriveCount, failedAt: now, dueAt: null }
    const headers = provenanceHeaders(report, detail, traceparent)
    return outgoing(record, headers, history.original, isPointer, now)
  })
}

/** Whether less of a dead letter may be accepted where all of it was refused. Everything else may pass with time, or when somebody acts. */
export function isAboutTheLetter(error: unknown): boolean {
  const { code } = failureFrom(error)
  return code === 'RECORD_TOO_LARGE' || code === 'WRITE_REFUSED'
}

/** A pointer has only what says where the record lies: it can be read there as long as that topic keeps it. */
function outgoing(
  { key, value }: RawRecord,
  provenance: readonly RawHeader[],
  original: readonly RawHeader[],
  isPointer: boolean,
  timestamp: number,
): OutgoingRecord {
  if (!isPointer) return { key, value, headers: [...provenance, ...original], timestamp }
  const isKeySmall = key === null || key.length <= MAX_POINTER_KEY_BYTES
  return { key: isKeySmall ? key : null, value: null, headers: provenance, timestamp }
}
