import { parseArgs } from 'node:util'

/** How the demo was asked to run. */
export interface DemoOptions {
  /** JSON lines of real orders, plain or gzip; null plays generated ones. */
  readonly ordersFile: string | null
  /** JSON lines of products with their stock; null takes the catalogue's, or what the orders suggest. */
  readonly stockFile: string | null
  /** At most this many orders are placed. */
  readonly limit: number
  /** Makes the generated orders, and the moments of the faults, repeatable. */
  readonly seed: number
  /** Places an order only when the one before has been decided: decisions then depend on nothing but the input. */
  readonly sequential: boolean
  /** Whether faults are injected while it runs. */
  readonly faults: boolean
  /** Where to write what happened, as JSON; null writes nothing. */
  readonly reportFile: string | null
  /** Leaves everything running at the end, until Ctrl-C. */
  readonly keep: boolean
  /** Says how it can be called, and does nothing else. */
  readonly help: boolean
}

export const usage = `usage: demo [options]
  --orders FILE     real orders: JSON lines, plain or .gz, one order a line, as in Northwind or Online Retail:
                    {"id", "customerId", "lines": [{"productId", "quantity", "unitPrice"}]}
                    {"invoiceNo", "customerId", "lines": [{"stockCode", "description", "quantity", "unitPrice"}]}
  --stock FILE      stock, JSON lines {"id", "unitsInStock"} (default: products.jsonl beside --orders, where there is one,
                    else nine tenths of what is ordered)
  --limit N         place at most N orders (default: all of a file, 1000 generated ones)
  --seed N          seed of the generated orders (default 1)
  --sequential      place each order only when the one before has been decided
  --no-faults       inject no faults
  --report FILE     write what happened as JSON
  --keep            leave everything running and say what to open
environment: KAFKA_BROKERS, DATABASE_URL, SMTP_URL, OTEL_EXPORTER_OTLP_ENDPOINT point the demo at real components`

export class UsageError extends Error {}

export function parseOptions(argv: readonly string[]): DemoOptions {
  const { values } = parse(argv)
  const ordersFile = values.orders ?? null
  return {
    ordersFile,
    stockFile: values.stock ?? null,
    limit: wholeNumber('--limit', values.limit, ordersFile === null ? 1000 : Number.MAX_SAFE_INTEGER),
    seed: wholeNumber('--seed', values.seed, 1),
    sequential: values.sequential ?? false,
    faults: !(values['no-faults'] ?? false),
    reportFile: values.report ?? null,
    keep: values.keep ?? false,
    help: values.help ?? false,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        orders: { type: 'string' },
        stock: { type: 'string' },
        limit: { type: 'string' },
        seed: { type: 'string' },
        sequential: { type: 'boolean' },
        'no-faults': { type: 'boolean' },
        report: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${flag} takes a whole number from 1, not "${text}"`)
  return value
}
