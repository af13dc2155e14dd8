import { describe, expect, it } from 'vitest'
import { judgeOrder } from './judge-order.ts'
import type { LineRequest, OrderRequest } from './order.ts'

const line = (change: Partial<LineRequest> = {}): LineRequest => ({
  sku: '85123A',
  description: 'WHITE HANGING HEART',
  quantity: 6,
  unitPrice: '2.55',
  ...change,
})
const request = (change: Partial<OrderRequest> = {}): OrderRequest => ({
  orderId: '536365',
  customerId: '17850',
  email: 'a@b.example',
  lines: [line()],
  ...change,
})

function reasonOf(change: Partial<OrderRequest>): string | null {
  const judgement = judgeOrder(request(change))
  return judgement.kind === 'refused' ? judgement.reason : null
}

describe('judgeOrder', () => {
  it('takes an order and adds it up exactly', () => {
    const lines = [
      line({ unitPrice: '0.1', quantity: 3 }),
      line({ unitPrice: '0.001', quantity: 1 }),
      line({ unitPrice: '0.1', quantity: 3 }),
    ]
    expect(judgeOrder(request({ lines }))).toMatchObject({
      kind: 'accepted',
      order: {
        orderId: '536365',
        total: '0.6010',
        lines: [{ unitPrice: '0.1000' }, { unitPrice: '0.0010' }, { unitPrice: '0.1000' }],
      },
    })
  })

  it('keeps two equal lines of one order', () => {
    expect(judgeOrder(request({ lines: [line(), line()] }))).toMatchObject({
      order: { lines: [{}, {}], total: '30.6000' },
    })
  })

  it.each([
    ['a cancellation, whoever it is of', { orderId: 'C536379', lines: [line({ quantity: -1 })] }, 'takes-back'],
    [
      'a write-off without customer and price',
      { customerId: null, email: null, lines: [line({ quantity: -12, unitPrice: '0.00' })] },
      'takes-back',
    ],
    ['no customer', { customerId: null, email: null }, 'no-customer'],
    ['a blank customer', { customerId: '  ' }, 'no-customer'],
    ['no address', { email: null }, 'no-email'],
    ['two addresses', { email: 'a@b.example, c@d.example' }, 'no-email'],
    ['one negative quantity among others', { lines: [line(), line({ quantity: -1 })] }, 'quantity-not-positive'],
    ['half a piece', { lines: [line({ quantity: 0.5 })] }, 'quantity-not-positive'],
    ['no pieces', { lines: [line({ quantity: 0 })] }, 'quantity-not-positive'],
    ['a price of nothing', { lines: [line({ unitPrice: '0.00' })] }, 'price-not-positive'],
    [
      'a debt written off',
      { orderId: 'A563186', lines: [line({ sku: 'B', quantity: 1, unitPrice: '-11062.06' })] },
      'price-not-positive',
    ],
    ['a price with a comma', { lines: [line({ unitPrice: '2,55' })] }, 'not-a-price'],
    ['a question mark for a product', { lines: [line({ description: '?' })] }, 'not-a-product'],
    ['no product', { lines: [line({ sku: ' ' })] }, 'not-a-product'],
  ] as const)('refuses %s', (_what, change, reason) => {
    expect(reasonOf(change)).toBe(reason)
  })

  it('lists everything that is wrong, with its place', () => {
    const judgement = judgeOrder(request({ customerId: null, lines: [line(), line({ quantity: -1, unitPrice: '0' })] }))
    expect(judgement).toMatchObject({
      reason: 'no-customer',
      faults: [{ pointer: '/customerId' }, { pointer: '/lines/1/quantity' }, { pointer: '/lines/1/unitPrice' }],
    })
  })
})
