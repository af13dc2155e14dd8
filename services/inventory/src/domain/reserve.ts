/** How much of a product is asked for. */
export interface Demand {
  readonly sku: string
  readonly quantity: number
}

interface Shortage {
  readonly sku: string
  readonly wanted: number
  readonly available: number
}

export type Reservation =
  | { readonly kind: 'reserved'; readonly items: readonly Demand[] }
  | { readonly kind: 'rejected'; readonly shortages: readonly Shortage[] }

/** Decides on a whole order: everything it asks for, or nothing. A product that was never stocked is there zero times. */
export function reserve(lines: readonly Demand[], available: ReadonlyMap<string, number>): Reservation {
  const items = demandByProduct(lines)
  const shortages = items
    .map(({ sku, quantity }) => ({ sku, wanted: quantity, available: available.get(sku) ?? 0 }))
    .filter((shortage) => shortage.wanted > shortage.available)
  return shortages.length > 0 ? { kind: 'rejected', shortages } : { kind: 'reserved', items }
}

/** One demand for each product, sorted: an order may name a product in several lines. */
export function demandByProduct(lines: readonly Demand[]): Demand[] {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  // By code unit, not by locale: every process must lock in the same order.
  return [...demand].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1))
}
