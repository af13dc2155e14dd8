import { describe, expect, it } from 'vitest'
import { namesMatching, wholeName } from './regular-expression.ts'

describe('a regular expression', () => {
  it('means names that match as a whole', () => {
    expect(namesMatching('orders|pay.*', ['orders', 'my-orders', 'orders-2', 'payments'])).toEqual([
      'orders',
      'payments',
    ])
  })

  it('may begin with options', () => {
    expect(namesMatching('(?i)ORDERS', ['orders'])).toEqual(['orders'])
  })

  it('may quote a part of itself', () => {
    const names = ['a.b', 'axb', 'a.b+', '\\Q.b', '\\xxb']
    expect(namesMatching('\\Qa.b\\E', names)).toEqual(['a.b'])
    expect(namesMatching('(?i)\\QA.B+', names)).toEqual(['a.b+'])
    expect(namesMatching('\\\\Q.b', names)).toEqual(['\\Q.b'])
  })

  it.each(['(', 'a)(b', '*', '(?z)x'])('is refused when it is none: %s', (source) => {
    expect(() => wholeName(source)).toThrow(SyntaxError)
  })

  it('matches nothing when it would run for hours', () => {
    expect(namesMatching('(a+)+', [`${'a'.repeat(40)}!`, 'a'])).toEqual([])
  })
})
