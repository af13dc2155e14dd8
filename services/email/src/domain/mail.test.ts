import { describe, expect, it } from 'vitest'
import { confirmationMail, inCents, rejectionMail } from './mail.ts'

const order = { orderId: '10248', customerId: 'Zażółć Gęślą', email: 'a@b.example', total: '16387.5000' }

describe('mail', () => {
  it('tells a confirmation with the total, and a rejection with its reason', () => {
    expect(confirmationMail(order)).toMatchObject({ to: 'a@b.example', outcome: 'confirmed', orderId: '10248' })
    expect(confirmationMail(order).text).toContain('The total is 16387.50.')
    const rejected = rejectionMail({ ...order, reason: 'not in stock: 51 (0 of 40 left)' })
    expect(rejected.text).toContain('not in stock: 51 (0 of 40 left)')
    expect(rejected.outcome).toBe('rejected')
  })

  it.each([
    ['0.0000', '0.00'],
    ['0.0049', '0.00'],
    ['0.0050', '0.01'],
    ['2.5500', '2.55'],
    ['9.9950', '10.00'],
    ['123456789012345.6789', '123456789012345.68'],
  ])('rounds %s half up to %s', (amount, expected) => {
    expect(inCents(amount)).toBe(expected)
  })
})
