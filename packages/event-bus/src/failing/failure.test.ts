import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reject, RetryLater } from '../errors.ts'
import { describeFailure, failureFrom } from './failure.ts'

describe('failureFrom', () => {
  it('never throws and always has a name and a message, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const failure = failureFrom(thrown)
        expect(failure.name).not.toBe('')
        expect(typeof failure.message).toBe('string')
      }),
    )
  })

  it('survives getters and conversions that throw', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    )
    expect(failureFrom(hostile)).toMatchObject({ name: 'object', code: null, stack: null })
  })

  it('says what was thrown when it is no error', () => {
    expect(describeFailure(failureFrom(undefined))).toBe('undefined: undefined was thrown')
    expect(describeFailure(failureFrom('boom'))).toBe('string: boom')
    expect(describeFailure(failureFrom(null))).toBe('null: null')
  })

  it('recognises the errors of the framework by code, also from another copy of the package', () => {
    expect(failureFrom(new Reject('no such product'))).toMatchObject({ code: 'REJECTED', message: 'no such product' })
    expect(failureFrom(new RetryLater({ afterMs: 700 })).afterMs).toBe(700)
    expect(failureFrom({ code: 'RETRY_LATER', afterMs: 5 }).afterMs).toBe(5)
    expect(failureFrom({ code: 'RETRY_LATER', afterMs: -5 }).afterMs).toBeNull()
    expect(failureFrom({ code: 'RETRY_LATER', afterMs: 'soon' }).afterMs).toBeNull()
  })
})
