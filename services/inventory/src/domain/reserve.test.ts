import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Demand, demandByProduct, reserve } from './reserve.ts'

const demand = fc.record({ sku: fc.constantFrom('kettle', 'mug', 'tea'), quantity: fc.integer({ min: 1, max: 20 }) })

describe('reserve', () => {
  it('takes the whole order when everything is there, adding up lines of one product', () => {
    const lines = [
      { sku: 'tea', quantity: 2 },
      { sku: 'mug', quantity: 1 },
      { sku: 'tea', quantity: 3 },
    ]
    expect(
      reserve(
        lines,
        new Map([
          ['tea', 5],
          ['mug', 1],
        ]),
      ),
    ).toEqual({
      kind: 'reserved',
      items: [
        { sku: 'mug', quantity: 1 },
        { sku: 'tea', quantity: 5 },
      ],
    })
  })

  it('refuses the whole order, naming what is short, when lines of one product exceed it together', () => {
    const lines = [
      { sku: 'tea', quantity: 3 },
      { sku: 'mug', quantity: 1 },
      { sku: 'tea', quantity: 3 },
    ]
    const available = new Map([
      ['tea', 5],
      ['mug', 1],
    ])
    expect(reserve(lines, available)).toEqual({
      kind: 'rejected',
      shortages: [{ sku: 'tea', wanted: 6, available: 5 }],
    })
  })

  it('takes a product that was never stocked for one that has run out', () => {
    expect(reserve([{ sku: 'unheard-of', quantity: 1 }], new Map())).toEqual({
      kind: 'rejected',
      shortages: [{ sku: 'unheard-of', wanted: 1, available: 0 }],
    })
  })

  it('never takes more than there is, and never refuses what is there', () => {
    fc.assert(
      fc.property(
        fc.array(demand, { minLength: 1 }),
        fc.dictionary(fc.constantFrom('kettle', 'mug', 'tea'), fc.nat(40)),
        (lines, stock) => {
          const available = new Map(Object.entries(stock))
          const isThere = ({ sku, quantity }: Demand) => quantity <= (available.get(sku) ?? 0)
          expect(reserve(lines, available).kind).toBe(demandByProduct(lines).every(isThere) ? 'reserved' : 'rejected')
        },
      ),
    )
  })
})
