import { Problem } from '@tributary/service-kit'
import { z } from 'zod'
import type { OrderRequest } from '../domain/order.ts'

/** PostgreSQL has no NUL in text, and line ends in a product's name would break whatever prints it. */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters')

const orderRequest = z.object({
  orderId: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes and underscores'),
  customerId: text(100).nullable().default(null),
  email: text(254).nullable().default(null),
  lines: z
    .array(
      z.object({
        sku: text(100),
        description: text(500).nullable().default(null),
        quantity: z.number(),
        unitPrice: z.string().max(40),
      }),
    )
    .min(1)
    .max(5_000),
})

/** The request as far as its form goes. @throws {Problem} 400 that lists every fault. */
export function parseOrderRequest(body: unknown): OrderRequest {
  const result = orderRequest.safeParse(body)
  if (result.success) return result.data
  throw new Problem({
    kind: 'malformed-order',
    title: 'The body is not the form of an order',
    status: 400,
    detail:
      'See errors for each place that differs from {"orderId", "customerId", "email", "lines": [{"sku", "quantity", "unitPrice"}]}.',
    errors: result.error.issues.map((issue) => ({
      pointer: issue.path.map((step) => `/${String(step)}`).join(''),
      detail: issue.message,
    })),
  })
}
