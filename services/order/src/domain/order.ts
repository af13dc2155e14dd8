/** An order that the shop takes. */
export interface Order {
  readonly orderId: string
  readonly customerId: string
  readonly email: string
  readonly lines: readonly OrderLine[]
  /** Decimal with four places. */
  readonly total: string
}

export interface OrderLine {
  readonly sku: string
  readonly description: string | null
  readonly quantity: number
  /** Decimal with four places. */
  readonly unitPrice: string
}

/** `placed` until inventory has answered; then one of the others, for ever. */
export type OrderStatus = 'placed' | 'confirmed' | 'rejected'

/** What somebody asks for, well-formed and not yet judged. */
export interface OrderRequest {
  readonly orderId: string
  readonly customerId: string | null
  readonly email: string | null
  readonly lines: readonly LineRequest[]
}

export interface LineRequest {
  readonly sku: string
  readonly description: string | null
  readonly quantity: number
  readonly unitPrice: string
}
