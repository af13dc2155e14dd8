import { textFromUnits, unitsFromText } from './money.ts'
import type { LineRequest, Order, OrderRequest } from './order.ts'

/** Why something is not an order, with the sentence that names the kind. The first that applies gives the refusal its name. */
export const refusals = {
  'takes-back': 'This takes goods back; it is not an order',
  'no-customer': 'An order needs a customer',
  'no-email': 'An order needs an address for its mail',
  'quantity-not-positive': 'Every quantity must be a whole number above zero',
  'price-not-positive': 'Every price must be above zero',
  'not-a-price': 'Every price must be a decimal with at most four places',
  'not-a-product': 'Every line must name a product',
} as const

type RefusalKind = keyof typeof refusals

interface Fault {
  readonly kind: RefusalKind
  /** JSON pointer into the request. */
  readonly pointer: string
  readonly detail: string
}

export type Judgement =
  | { readonly kind: 'accepted'; readonly order: Order }
  | { readonly kind: 'refused'; readonly reason: RefusalKind; readonly faults: readonly Fault[] }

const LARGEST_QUANTITY = 1_000_000
const MAIL_ADDRESS = /^[^\s@,;<>]+@[^\s@,;<>]+$/

/** Decides whether a request is an order. All that is wrong is listed; nothing is mended. */
export function judgeOrder(request: OrderRequest): Judgement {
  const { orderId, customerId, email } = request
  const faults: Fault[] = []
  const fault = (kind: RefusalKind, pointer: string, detail: string): void => {
    faults.push({ kind, pointer, detail })
  }

  if (request.lines.every((line) => line.quantity < 0)) {
    fault('takes-back', '/lines', 'every quantity is negative: cancellations and write-offs have their own ways')
  }
  if (isBlank(customerId)) fault('no-customer', '/customerId', 'is missing')
  if (isBlank(email)) fault('no-email', '/email', 'is missing')
  else if (!MAIL_ADDRESS.test(email)) fault('no-email', '/email', `"${email}" is no mail address`)

  let total = 0n
  const lines = request.lines.map((line, index) => {
    const unitPrice = judgeLine(line, `/lines/${index}`, fault)
    total += unitPrice * BigInt(Number.isSafeInteger(line.quantity) ? line.quantity : 0)
    return { ...line, unitPrice: textFromUnits(unitPrice) }
  })

  const kinds = Object.keys(refusals) as RefusalKind[]
  const reason = kinds.find((kind) => faults.some((found) => found.kind === kind))
  if (reason !== undefined || isBlank(customerId) || isBlank(email)) {
    return { kind: 'refused', reason: reason ?? 'no-customer', faults }
  }
  return { kind: 'accepted', order: { orderId, customerId, email, lines, total: textFromUnits(total) } }
}

/** The line's price in units; 0 when it has none. */
function judgeLine(
  line: LineRequest,
  pointer: string,
  fault: (kind: RefusalKind, pointer: string, detail: string) => void,
): bigint {
  const { sku, description, quantity, unitPrice } = line
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > LARGEST_QUANTITY) {
    fault(
      'quantity-not-positive',
      `${pointer}/quantity`,
      `${quantity} is not a whole number from 1 to ${LARGEST_QUANTITY}`,
    )
  }
  if (isBlank(sku)) fault('not-a-product', `${pointer}/sku`, 'is empty')
  // Free text where a product's name should be: "?", "???", "." are notes of a clerk.
  if (description !== null && !/[\p{L}\p{N}]/u.test(description)) {
    fault('not-a-product', `${pointer}/description`, `"${description}" names nothing`)
  }
  const units = unitsFromText(unitPrice)
  if (units === null)
    fault('not-a-price', `${pointer}/unitPrice`, `"${unitPrice}" is not a decimal with at most four places`)
  else if (units <= 0n) fault('price-not-positive', `${pointer}/unitPrice`, `${unitPrice} is not above zero`)
  return units ?? 0n
}

const isBlank = (text: string | null): text is null => text === null || text.trim() === ''
