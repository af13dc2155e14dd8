import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { generateOrders } from './generated.ts'
import { InputError } from './input-error.ts'
import { readJsonLines } from './json-lines.ts'
import { isNorthwindOrder, isNorthwindProduct, orderFromNorthwind, stockFromNorthwind } from './northwind.ts'
import { isRetailInvoice, orderFromRetail, stockForDemand } from './online-retail.ts'
import type { Scenario, SourceOrder, StockLevel } from './source-order.ts'

export interface ScenarioOptions {
  readonly ordersFile: string | null
  readonly stockFile: string | null
  readonly limit: number
  readonly seed: number
}

/** What the demo plays: a file of real orders with its stock, or generated ones. */
export async function loadScenario({ ordersFile, stockFile, limit, seed }: ScenarioOptions): Promise<Scenario> {
  if (ordersFile === null) return generateOrders(limit, seed)
  const orders = await readOrders(ordersFile, limit)
  const beside = join(dirname(ordersFile), 'products.jsonl')
  const shelf = stockFile ?? (existsSync(beside) ? beside : null)
  return {
    name: `${orders.length} orders of ${basename(ordersFile)}`,
    orders,
    stock: shelf === null ? stockForDemand(orders) : await readStock(shelf),
  }
}

async function readOrders(file: string, limit: number): Promise<SourceOrder[]> {
  const orders: SourceOrder[] = []
  for await (const row of readJsonLines(file)) {
    if (isRetailInvoice(row)) orders.push(orderFromRetail(row))
    else if (isNorthwindOrder(row)) orders.push(orderFromNorthwind(row))
    else
      throw new InputError(
        `${file}: order ${orders.length + 1} is neither a Northwind order (id, customerId, lines) nor an Online Retail invoice (invoiceNo, lines)`,
      )
    if (orders.length === limit) break
  }
  if (orders.length === 0) throw new InputError(`${file}: no order in it`)
  return orders
}

async function readStock(file: string): Promise<StockLevel[]> {
  const stock: StockLevel[] = []
  for await (const row of readJsonLines(file)) {
    if (!isNorthwindProduct(row))
      throw new InputError(`${file}: product ${stock.length + 1} is not a Northwind product (id, unitsInStock)`)
    stock.push(stockFromNorthwind(row))
  }
  return stock
}
