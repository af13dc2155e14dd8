/**
 * What is known of anything that was thrown. Handlers throw errors, strings, `undefined`, proxies and objects whose getters throw: reading them must
 * never fail, because whoever reads them is the last to be able to settle the record.
 */
export interface Failure {
  /** Class of the error, or the type of what was thrown: `TypeError`, `string`. */
  readonly name: string
  /** Its `code` when that is a string. The framework's own errors are recognised by it, whichever copy of a package they come from. */
  readonly code: string | null
  readonly message: string
  readonly stack: string | null
  /** `RetryLater` only. */
  readonly afterMs: number | null
  /** What it names as its `cause`, and so on from there, the nearest first. */
  readonly causes: readonly FailureCause[]
}

export type FailureCause = Pick<Failure, 'name' | 'code'>

/** A chain of causes may be a circle. */
const MAX_CAUSES = 8

export function failureFrom(thrown: unknown): Failure {
  const code = textAt(thrown, 'code')
  const afterMs = valueAt(thrown, 'afterMs')
  return {
    name: nameOf(thrown),
    code,
    message: messageOf(thrown),
    stack: textAt(thrown, 'stack'),
    afterMs: code === 'RETRY_LATER' && Number.isFinite(afterMs) && Number(afterMs) >= 0 ? Number(afterMs) : null,
    causes: causesOf(thrown),
  }
}

/** `TypeError: x is not a function`, or what a log line can say of anything else. */
export function describeFailure(failure: Failure): string {
  return failure.message === '' ? failure.name : `${failure.name}: ${failure.message}`
}

function causesOf(thrown: unknown): FailureCause[] {
  const causes: FailureCause[] = []
  for (let cause = valueAt(thrown, 'cause'); cause !== undefined && cause !== null; cause = valueAt(cause, 'cause')) {
    causes.push({ name: nameOf(cause), code: textAt(cause, 'code') })
    if (causes.length === MAX_CAUSES) break
  }
  return causes
}

function nameOf(thrown: unknown): string {
  if (thrown === null) return 'null'
  if (typeof thrown !== 'object' && typeof thrown !== 'function') return typeof thrown
  return textAt(thrown, 'name') ?? 'object'
}

function messageOf(thrown: unknown): string {
  const message = textAt(thrown, 'message')
  if (message !== null) return message
  try {
    return thrown === undefined ? 'undefined was thrown' : String(thrown)
  } catch {
    return 'what was thrown cannot be shown as text'
  }
}

function textAt(thrown: unknown, field: string): string | null {
  const value = valueAt(thrown, field)
  return typeof value === 'string' ? value : null
}

function valueAt(thrown: unknown, field: string): unknown {
  if (thrown === null || (typeof thrown !== 'object' && typeof thrown !== 'function')) return undefined
  try {
    return Reflect.get(thrown, field)
  } catch {
    return undefined
  }
}
