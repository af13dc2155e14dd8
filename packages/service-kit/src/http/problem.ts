/** Problem documents after RFC 9457: what every answer of 400 and above carries. */

export interface ProblemDetails {
  /** Names the kind of problem; the last part of `type`. */
  readonly kind: string
  /** The same sentence for every problem of this kind. */
  readonly title: string
  readonly status: number
  /** What is wrong this time, and what to do about it. */
  readonly detail: string
  /** Everything that was found wrong, by JSON pointer into the request's body. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** Throw it in a route: it becomes the answer. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly details: ProblemDetails

  constructor(details: ProblemDetails) {
    super(`${details.title}: ${details.detail}`)
    this.details = details
  }
}

export function problemDocument({ kind, ...rest }: ProblemDetails, instance: string): object {
  return { type: `urn:tributary:problem:${kind}`, ...rest, instance }
}
