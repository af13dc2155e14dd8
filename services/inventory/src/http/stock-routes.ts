import { Problem } from '@tributary/service-kit'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type InventoryDatabase, readStock, setStock } from '../adapters/stock-store.ts'

const stockBody = z.object({
  items: z
    .array(z.object({ sku: z.string().min(1).max(100), quantity: z.number().int().min(0).max(2_000_000_000) }))
    .max(20_000)
    .refine((items) => new Set(items.map(({ sku }) => sku)).size === items.length, 'must name each product once'),
})

/** A catalogue of thousands of products is more than fastify's megabyte in some languages. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024

export function addStockRoutes(app: FastifyInstance, database: InventoryDatabase): void {
  app.get('/stock', async () => ({ items: await readStock(database.kysely) }))

  app.post('/stock', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const body = stockBody.safeParse(request.body)
    if (!body.success) {
      throw new Problem({
        kind: 'malformed-stock',
        title: 'The body is not a list of stock levels',
        status: 400,
        detail: 'See errors for each place that differs from {"items": [{"sku", "quantity"}]}.',
        errors: body.error.issues.map((issue) => ({
          pointer: issue.path.map((step) => `/${String(step)}`).join(''),
          detail: issue.message,
        })),
      })
    }
    await setStock(database.kysely, body.data.items)
    return reply.code(204).send()
  })
}
