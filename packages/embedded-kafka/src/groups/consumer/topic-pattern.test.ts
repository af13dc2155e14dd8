import { describe, expect, it } from 'vitest'
import { GroupRefusal } from './group-refusal.ts'
import { namesMatching, topicPattern } from './topic-pattern.ts'

describe('a subscription by regular expression', () => {
  it('means topics whose whole name matches', () => {
    expect(namesMatching('orders|pay.*', ['orders', 'my-orders', 'orders-2', 'payments'])).toEqual([
      'orders',
      'payments',
    ])
  })

  it('may begin with options', () => {
    expect(namesMatching('(?i)ORDERS', ['orders'])).toEqual(['orders'])
  })

  it.each(['(', 'a)(b', '*', '(?z)x'])('is refused when it is none: %s', (source) => {
    expect(() => topicPattern(source)).toThrow(GroupRefusal)
  })

  it('matches nothing when it would run for hours', () => {
    expect(namesMatching('(a+)+', [`${'a'.repeat(40)}!`, 'a'])).toEqual([])
  })
})
