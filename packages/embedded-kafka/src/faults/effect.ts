import type { ErrorName } from '../protocol/error-codes.ts'
import type { InterceptedRequest } from './intercepted-request.ts'

/** Before the request is applied, or after: applied, and the client learns nothing of it or something else. */
export type When = 'before' | 'after'

/** What happens to a request, or to a write, that a fault hits. */
export type Effect =
  | { readonly kind: 'fail'; readonly error: ErrorName; readonly when: When }
  | { readonly kind: 'leave out' }
  | { readonly kind: 'shorten'; readonly bytes: number; readonly closes: boolean }
  | { readonly kind: 'drop'; readonly when: When }
  | { readonly kind: 'wait'; readonly until: (released: Promise<void>) => Promise<void>; readonly when: When }
  | {
      readonly kind: 'run'
      readonly action: (request: InterceptedRequest) => void | Promise<void>
      readonly when: When
    }
  | { readonly kind: 'full disk'; readonly afterBytes: number }
