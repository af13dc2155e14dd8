import { createRandom } from './random.ts'
import type { Scenario, SourceLine, SourceOrder } from './source-order.ts'

interface Product {
  readonly sku: string
  readonly description: string
  readonly unitPrice: string
  readonly stock: number
}

/** A small shop. Stock covers most of a thousand orders, so that some are refused near the end. */
const catalogue: readonly Product[] = [
  { sku: 'KETTLE-1L', description: 'Enamel kettle, 1 litre', unitPrice: '24.90', stock: 620 },
  { sku: 'MUG-BLUE', description: 'Stoneware mug, blue', unitPrice: '7.50', stock: 700 },
  { sku: 'MUG-SAND', description: 'Stoneware mug, sand', unitPrice: '7.50', stock: 480 },
  { sku: 'TEA-ASSAM', description: 'Assam tea, 250 g', unitPrice: '11.20', stock: 650 },
  { sku: 'TEA-MINT', description: 'Mint tea, 100 g', unitPrice: '6.80', stock: 600 },
  { sku: 'PRESS-3C', description: 'Coffee press, 3 cups', unitPrice: '31.00', stock: 260 },
  { sku: 'GRIND-H', description: 'Hand grinder', unitPrice: '48.00', stock: 150 },
  { sku: 'BEANS-1KG', description: 'Espresso beans, 1 kg', unitPrice: '18.40', stock: 900 },
  { sku: 'TOWEL-2', description: 'Linen tea towels, pair', unitPrice: '13.95', stock: 540 },
  { sku: 'JAR-05', description: 'Storage jar, 0.5 litre', unitPrice: '5.25', stock: 800 },
  { sku: 'TRAY-OAK', description: 'Oak tray', unitPrice: '39.00', stock: 120 },
  { sku: 'HONEY-F', description: 'Forest honey, 500 g', unitPrice: '8.90', stock: 610 },
]

const customers = Array.from({ length: 180 }, (_, index) => `customer-${String(index + 1).padStart(3, '0')}`)

/** Orders over the small catalogue: one to four different products, small quantities; some customers order often. */
export function generateOrders(count: number, seed: number): Scenario {
  const random = createRandom(seed)
  const orders: SourceOrder[] = []
  for (let number = 1; number <= count; number += 1) {
    const customerId = random.pick(customers)
    const lines = new Map<string, SourceLine>()
    for (let line = random.between(1, 4); line > 0; line -= 1) {
      const { sku, description, unitPrice } = random.pick(catalogue)
      lines.set(sku, { sku, description, unitPrice, quantity: random.between(1, 4) })
    }
    orders.push({
      orderId: `order-${seed}-${String(number).padStart(5, '0')}`,
      customerId,
      email: `${customerId}@shop.example`,
      lines: [...lines.values()],
    })
  }
  return {
    name: `${count} generated orders (seed ${seed})`,
    orders,
    stock: catalogue.map(({ sku, stock }) => ({ sku, quantity: stock })),
  }
}
