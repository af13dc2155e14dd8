/**
 * An order as its source has it, dirt included: what the demo posts, unchanged. Judging it is the order service's work, so nothing is cleaned here.
 */
export interface SourceOrder {
  readonly orderId: string
  readonly customerId: string | null
  readonly email: string | null
  readonly lines: readonly SourceLine[]
}

export interface SourceLine {
  readonly sku: string
  readonly description: string | null
  readonly quantity: number
  /** Decimal string, as the source writes it. */
  readonly unitPrice: string
}

/** What is on the shelf before the first order. */
export interface StockLevel {
  readonly sku: string
  readonly quantity: number
}

/** Everything the demo plays. */
export interface Scenario {
  readonly name: string
  readonly orders: readonly SourceOrder[]
  readonly stock: readonly StockLevel[]
}
