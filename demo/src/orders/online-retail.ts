import type { SourceOrder, StockLevel } from './source-order.ts'

/** One line of Online Retail's invoices.jsonl, dirt included: cancellations, negative quantities, no customer, no description. */
export interface RetailInvoice {
  readonly invoiceNo: string
  readonly customerId: string | null
  readonly lines: readonly {
    readonly stockCode: string
    readonly description: string | null
    readonly quantity: number
    readonly unitPrice: string
  }[]
}

export const isRetailInvoice = (row: object): row is RetailInvoice =>
  'invoiceNo' in row && 'lines' in row && Array.isArray(row.lines)

export function orderFromRetail({ invoiceNo, customerId, lines }: RetailInvoice): SourceOrder {
  return {
    orderId: invoiceNo,
    customerId,
    email: customerId === null ? null : `customer-${customerId}@retail.example`,
    lines: lines.map(({ stockCode, description, quantity, unitPrice }) => ({
      sku: stockCode,
      description,
      quantity,
      unitPrice,
    })),
  }
}

/** The data have no stock figures. Nine tenths of what is asked of each product fills most orders and refuses some. */
export function stockForDemand(orders: readonly SourceOrder[]): StockLevel[] {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of orders.flatMap((order) => order.lines)) {
    if (quantity > 0) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  }
  return [...demand].map(([sku, quantity]) => ({ sku, quantity: Math.floor(quantity * 0.9) }))
}
