import type { OrderConfirmed, OrderRejected } from '@tributary/contracts'

/** A mail, before anything is known of SMTP. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly orderId: string
  readonly outcome: 'confirmed' | 'rejected'
}

export const confirmationMail = ({ orderId, customerId, email, total }: OrderConfirmed): Mail => ({
  to: email,
  subject: `Your order ${orderId} is confirmed`,
  text: `Dear ${customerId},\n\neverything you ordered is reserved for you. The total is ${inCents(total)}.\n\nYour shop\n`,
  orderId,
  outcome: 'confirmed',
})

export const rejectionMail = ({ orderId, customerId, email, reason }: OrderRejected): Mail => ({
  to: email,
  subject: `We cannot fill your order ${orderId}`,
  text: `Dear ${customerId},\n\nwe are sorry: ${reason}. We fill orders whole or not at all, so nothing was reserved and nothing is owed.\n\nYour shop\n`,
  orderId,
  outcome: 'rejected',
})

/** For people to read: rounded half up to a hundredth, once, at the end. Amounts are never negative. */
export function inCents(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  const tenThousandths = BigInt(whole + fraction.padEnd(4, '0').slice(0, 4))
  const cents = ((tenThousandths + 50n) / 100n).toString().padStart(3, '0')
  return `${cents.slice(0, -2)}.${cents.slice(-2)}`
}
