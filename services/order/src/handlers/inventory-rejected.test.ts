import { describe, expect, it } from 'vitest'
import { reasonFrom } from './inventory-rejected.ts'

const shortage = (sku: string) => ({ sku, wanted: 40, available: 0 })

describe('reasonFrom', () => {
  it('names what is short, and at most three of it', () => {
    expect(reasonFrom({ shortages: [shortage('51')] })).toBe('not in stock: 51 (0 of 40 left)')
    expect(reasonFrom({ shortages: ['a', 'b', 'c', 'd', 'e'].map(shortage) })).toBe(
      'not in stock: a (0 of 40 left), b (0 of 40 left), c (0 of 40 left) and 2 more',
    )
  })
})
