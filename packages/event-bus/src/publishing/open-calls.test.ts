import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OpenCalls } from './open-calls.ts'
import { SendCall } from './send-call.ts'

/** `number` tells it from others. */
function call(number: number): SendCall {
  return new SendCall({ acknowledged: () => {}, failed: () => {}, complete: () => {} }, 0, 0, number)
}

const numbers = (calls: Iterable<SendCall>): number[] => Array.from(calls, ({ timeoutMs }) => timeoutMs)

describe('open calls', () => {
  it('are those that came and have not left, in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { maxLength: 60 }), (steps) => {
        const open = new OpenCalls()
        const expected: SendCall[] = []
        let count = 0
        for (const leaving of steps) {
          if (leaving === null || expected.length === 0) {
            const added = call(count++)
            open.add(added)
            expected.push(added)
          } else {
            const [left] = expected.splice(leaving % expected.length, 1)
            if (left !== undefined) open.delete(left)
          }
          expect(numbers(open)).toEqual(numbers(expected))
          expect(open.size).toBe(expected.length)
        }
      }),
    )
  })

  it('may leave while they are looked at', () => {
    const open = new OpenCalls()
    const calls = [call(1), call(2), call(3)]
    for (const each of calls) open.add(each)
    const seen: SendCall[] = []
    for (const each of open) {
      seen.push(each)
      open.delete(each)
    }
    expect(numbers(seen)).toEqual([1, 2, 3])
    expect(open.size).toBe(0)
  })

  it('keep nobody alive once they have left', () => {
    const open = new OpenCalls()
    const [first, second, third] = [call(1), call(2), call(3)]
    for (const each of [first, second, third]) open.add(each)
    open.delete(second)
    open.delete(first)
    expect([first.before, first.after, second.before, second.after, third.before, third.after]).toEqual(
      Array(6).fill(null),
    )
  })
})
