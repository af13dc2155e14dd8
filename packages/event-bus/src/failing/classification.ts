import type { Failure } from './failure.ts'

/**
 * What kind of failure an error is.
 *
 * - `retry`: attempts, then what `afterwards` says; a dead letter for it needs a permit. What every error is that no rule matches.
 * - `reject`: dead-lettered at once, as `Reject` is.
 * - `skip`: settled as if the handler had returned `skip`.
 * - `hold`: tried again at the backoff's pace until it succeeds, however often and for however long; only its key waits.
 */
export type Treatment = 'retry' | 'reject' | 'skip' | 'hold'

/**
 * Which errors a rule is for.
 *
 * - a text: the error, or one that it names as its `cause`, has this `code` or this `name`. Survives two copies of a package in one process.
 * - a class: the error is an instance of it, or of a class derived from it.
 * - a function: what it answers for what was thrown. When it throws, the rule does not match.
 */
export type FailureMatcher = string | (abstract new (...args: never[]) => Error) | ((thrown: unknown) => boolean)

/** One line of the table `onFailure.classify`. */
export interface ClassificationRule {
  readonly match: FailureMatcher
  readonly as: Treatment
}

/** The first rule that matches decides. @param onThrow told of a predicate that threw */
export function classify(
  thrown: unknown,
  failure: Failure,
  rules: readonly ClassificationRule[],
  onThrow: (error: unknown) => void,
): Treatment {
  for (const { match, as } of rules) {
    try {
      if (matches(thrown, failure, match)) return as
    } catch (error) {
      onThrow(error)
    }
  }
  return 'retry'
}

function matches(thrown: unknown, { name, code, causes }: Failure, match: FailureMatcher): boolean {
  if (typeof match === 'string') {
    return name === match || code === match || causes.some((cause) => cause.name === match || cause.code === match)
  }
  return isErrorClass(match) ? thrown instanceof match : match(thrown) === true
}

function isErrorClass(match: Exclude<FailureMatcher, string>): match is abstract new (...args: never[]) => Error {
  return match === Error || match.prototype instanceof Error
}

/** What is wrong with a table, in words; empty when nothing is. */
export function classificationFaults(rules: readonly ClassificationRule[]): string[] {
  return rules.flatMap(({ match, as }, index) => {
    const faults: string[] = []
    const place = `onFailure.classify[${index}]`
    const isText = typeof match === 'string'
    if (isText ? match === '' : typeof match !== 'function') {
      faults.push(`${place}.match must be a code or name, an error class, or a function`)
    }
    if (!treatments.includes(as)) faults.push(`${place}.as must be one of ${treatments.join(', ')}, got ${String(as)}`)
    return faults
  })
}

const treatments: readonly Treatment[] = ['retry', 'reject', 'skip', 'hold']
