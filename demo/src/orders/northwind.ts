import type { SourceOrder, StockLevel } from './source-order.ts'

/** One line of Northwind's orders.jsonl, as far as the shop needs it. */
export interface NorthwindOrder {
  readonly id: number
  readonly customerId: string
  readonly lines: readonly { readonly productId: number; readonly quantity: number; readonly unitPrice: string }[]
}

/** One line of Northwind's products.jsonl, as far as the shop needs it. */
export interface NorthwindProduct {
  readonly id: number
  readonly unitsInStock: number
}

export const isNorthwindOrder = (row: object): row is NorthwindOrder =>
  'id' in row && 'customerId' in row && typeof row.customerId === 'string' && 'lines' in row && Array.isArray(row.lines)
export const isNorthwindProduct = (row: object): row is NorthwindProduct => 'id' in row && 'unitsInStock' in row

export function orderFromNorthwind({ id, customerId, lines }: NorthwindOrder): SourceOrder {
  return {
    orderId: String(id),
    customerId,
    email: `${customerId.toLowerCase()}@northwind.example`,
    lines: lines.map(({ productId, quantity, unitPrice }) => ({
      sku: String(productId),
      description: null,
      quantity,
      unitPrice,
    })),
  }
}

export const stockFromNorthwind = ({ id, unitsInStock }: NorthwindProduct): StockLevel => ({
  sku: String(id),
  quantity: unitsInStock,
})
